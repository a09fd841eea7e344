"""A mail server that a test can trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.mail import ScriptedBackend, mail_through

if TYPE_CHECKING:
    from collections.abc import Iterator


class MailServer:
    """`ScriptedBackend` and the settings that lead to it."""

    def __init__(self, settings: Any) -> None:
        object.__setattr__(self, "_settings", settings)

    def use(self, backend: str) -> None:
        """Have mail go through another backend."""
        for name, value in mail_through(backend).items():
            setattr(self._settings, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(ScriptedBackend, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(ScriptedBackend, name, value)


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """Takes all mail; set `opening`, `closing` and `answers` to have it refuse."""
    ScriptedBackend.reset()
    server = MailServer(settings)
    server.use("tests.mail.ScriptedBackend")
    yield server
    ScriptedBackend.reset()
