"""Channels as hosts write them, working and broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from help_desk.channels import Channel, ChannelUnavailableError, Recipient, SendResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from help_desk.models import Notification


class MailChannel(Channel):
    """Replaces the email channel."""

    name: ClassVar[str] = "email"

    def address_of(self, recipient: Recipient) -> str:
        return recipient.email


class ScriptedChannel(MailChannel):
    """Handles each row as the test requires."""

    act: ClassVar[Callable[[Notification], Any]] = staticmethod(lambda row: None)
    """Called with each row; returns an error message, a SendResult or None."""
    sent: ClassVar[list[int]] = []
    """The IDs of rows that were sent."""

    @classmethod
    def reset(cls) -> None:
        cls.act = staticmethod(lambda row: None)
        cls.sent = []

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        for row in notifications:
            result = type(self).act(row)
            if not isinstance(result, SendResult):
                result = SendResult(notifications=(row,), error=result or "")
            if not result.error:
                self.sent.append(row.pk)
            yield result


class OtherChannel(ScriptedChannel):
    name: ClassVar[str] = "other"


class NoResultChannel(MailChannel):
    """Yields no results."""

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        yield from ()


class UnavailableChannel(MailChannel):
    """Is always unavailable."""

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        message = "Temporarily unavailable."
        raise ChannelUnavailableError(message)
