"""Running the system checks on other settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import checks
from django.test import override_settings

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def run_checks(db: None) -> Callable[..., list[checks.CheckMessage]]:
    """Return a function that returns the help desk's messages with these settings.

    The database is needed because a check of Django queries SQLite.
    """

    def run(**settings: Any) -> list[checks.CheckMessage]:
        with override_settings(**settings):
            messages = checks.run_checks()
        return [message for message in messages if str(message.id).startswith("help_desk.")]

    return run
