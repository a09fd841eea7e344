"""Channels as hosts write them, good and bad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from help_desk.channels.base import Channel, ChannelUnavailableError, SendResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from help_desk.models import Notification
    from help_desk.notifications.recipients import Recipient


class MailChannel(Channel):
    """Reaches people where e-mail does."""

    name: ClassVar[str] = "email"

    def address_of(self, person: Recipient) -> str:
        return person.email


class ScriptedChannel(MailChannel):
    """Takes the place of e-mail; does with each row what the test says."""

    act: ClassVar[Callable[[Notification], Any]] = staticmethod(lambda row: None)
    """Called with each row; gives an error's words, an outcome, or nothing."""
    sent: ClassVar[list[int]] = []

    @classmethod
    def reset(cls) -> None:
        cls.act = staticmethod(lambda row: None)
        cls.sent = []

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        for row in notifications:
            outcome = type(self).act(row)
            if not isinstance(outcome, SendResult):
                outcome = SendResult(notifications=(row,), error=outcome or "")
            if not outcome.error:
                self.sent.append(row.pk)
            yield outcome


class OtherChannel(ScriptedChannel):
    """Another way."""

    name: ClassVar[str] = "other"


class MuteChannel(MailChannel):
    """Forgets to say what became of its rows."""

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        yield from ()


class BlockedChannel(MailChannel):
    """Never works."""

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        message = "Out of paper."
        raise ChannelUnavailableError(message)
