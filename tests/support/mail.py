"""A mail backend that responds as a test requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import django
from django.core.mail.backends.base import BaseEmailBackend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.mail import EmailMessage


def mail_through(backend: str) -> dict[str, Any]:
    """Return the settings that select a mail backend in this version of Django."""
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": backend}}}
    return {"EMAIL_BACKEND": backend}


class ScriptedBackend(BaseEmailBackend):
    """Raises what the test sets, and keeps the messages that it accepts."""

    timeout: float | None = None
    host: ClassVar[str | None] = None
    port: ClassVar[int | None] = None
    opening: ClassVar[Exception | None] = None
    """Raised when the connection is opened."""
    closing: ClassVar[Exception | None] = None
    """Raised when the connection is closed."""
    replies: ClassVar[list[Exception | int]] = []
    """The results of the next messages, in order; after the last, each is accepted."""
    accepted: ClassVar[list[EmailMessage]] = []
    """The accepted messages."""
    opened: ClassVar[int] = 0
    timeouts: ClassVar[list[float | None]] = []

    @classmethod
    def reset(cls) -> None:
        cls.opening = cls.closing = cls.host = cls.port = None
        cls.replies, cls.accepted, cls.timeouts = [], [], []
        cls.opened = 0

    def open(self) -> bool:
        cls = type(self)
        cls.opened += 1
        cls.timeouts.append(self.timeout)
        if cls.opening is not None:
            raise cls.opening
        return True

    def close(self) -> None:
        if self.closing is not None:
            raise self.closing

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        (message,) = email_messages
        message.message()  # Django validates headers here.
        reply = self.replies.pop(0) if self.replies else 1
        if isinstance(reply, Exception):
            raise reply
        if reply:
            self.accepted.append(message)
        return reply
