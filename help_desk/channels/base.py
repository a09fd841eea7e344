"""What a channel is; hosts make their own by a subclass of `Channel`.

`docs/howto/add_a_channel.md` shows one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from help_desk.exceptions import HelpDeskError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from django.core.checks import CheckMessage
    from django.utils.functional import _StrPromise

    from help_desk.enums import NotificationKind, Role
    from help_desk.models import Notification, TicketEvent
    from help_desk.notifications.recipients import Recipient


class ChannelUnavailableError(HelpDeskError):
    """Nothing can leave by this channel now, whoever it is for."""


class NotSentError(HelpDeskError):
    """One message could not be sent; the next one may."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        """Say what went wrong.

        Args:
            message: In words; the row keeps it and the admin shows it, so no passwords.
            is_permanent: Whether another attempt would go wrong the same way.
        """
        super().__init__(message)
        self.is_permanent = is_permanent


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """What became of one message.

    Attributes:
        notifications: The rows that the message was made of; one, for most channels.
        error: What went wrong, in words; empty if it was sent.
        is_permanent: Whether another attempt would go wrong the same way.
        is_postponed: Whether nothing was tried, so that no attempt counts; the rows wait
            a minute.
    """

    notifications: Sequence[Notification]
    error: str = ""
    is_permanent: bool = False
    is_postponed: bool = False


class Channel:
    """One way in which people, or other programs, are told.

    The setting `CHANNELS` lists the classes. An instance serves one batch. A subclass has
    a `name`, says whom it reaches (`address_of` for people, `subscribers` for the rest)
    and sends (`send_one`, or `send` where messages share something).
    """

    name: ClassVar[str]
    """What the row's `channel` says; at most 32 characters, and never changed, because
    rows keep it."""

    label: ClassVar[str | _StrPromise]
    """What people call it, where they choose what comes by it."""

    is_inbox: ClassVar[bool] = False
    """Whether writing the row is all that it takes; nothing is sent."""

    is_personal: ClassVar[bool] = True
    """Whether it reaches people, who may then choose what comes by it; if not, only its
    `subscribers` are told."""

    is_scheduled: ClassVar[bool] = False
    """Whether a person's wish for hourly or daily e-mail holds for it."""

    bundles: ClassVar[bool] = False
    """Whether `send` makes one message of several rows, so that it wants all that wait for
    a person and belong together."""

    def wants(self, kind: NotificationKind, role: Role) -> bool:
        """Say whether people hear of something by this channel where nobody says otherwise.

        Asked of channels that are not in the rules' own table.

        Args:
            kind: What people can be told of.
            role: What a person is to the ticket.

        Returns:
            Whether they do; unless the setting `NOTIFICATION_RULES` or the person says so,
            they do not.
        """
        return False

    def address_of(self, person: Recipient) -> str | None:
        """Say where this channel reaches somebody.

        Called for every person in the transaction in which the event is written: no
        queries here, and nothing slow.

        Args:
            person: Whoever is to be told.

        Returns:
            An address of at most 500 characters; None where the account is all that it
            takes; empty where the person cannot be reached by this channel.
        """
        return None

    @property
    def has_subscribers(self) -> bool:
        """Whether it may tell somebody who is no person."""
        return type(self).subscribers is not Channel.subscribers

    def subscribers(self, event: TicketEvent, kinds: Collection[NotificationKind]) -> Iterable[str]:
        """Name who is told by this channel without being a person.

        Called in the transaction in which the event is written: nothing slow here, and
        an error that is raised here undoes the event.

        Args:
            event: What happened. Whether a note may leave is for the channel to decide.
            kinds: What people can be told of it: `NotificationKind.NOTE` among them for
                an internal note, none for what nobody is told of.

        Returns:
            Addresses of at most 500 characters; there is one row for each. Rows are
            there for the staff to read, so an address is no place for a password.
        """
        return ()

    def send_one(self, notification: Notification) -> None:
        """Send one message.

        Called outside any transaction. It may happen that a message is sent again: the
        row's `event_id` tells that it is the same.

        Args:
            notification: A row with `event`, its ticket, actor and comment, and
                `recipient` loaded.

        Raises:
            NotSentError: It could not be sent.
            ChannelUnavailableError: No message can be sent now.
        """
        message = f"{type(self).__qualname__} has neither send_one() nor send()."
        raise NotImplementedError(message)

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        """Send each of these, in their order, and say at once what became of it.

        For channels whose messages share something, such as a connection; the others
        have `send_one`. Called outside any transaction. An outcome is written down
        before the next is asked for, so yield after each message.

        Args:
            notifications: Rows with `event`, its ticket, actor and comment, and `recipient`
                loaded.

        Yields:
            One outcome per message.

        Raises:
            ChannelUnavailableError: The way itself is blocked; rows without an outcome
                wait, and no attempt counts against them.
        """
        for notification in notifications:
            try:
                self.send_one(notification)
            except NotSentError as error:
                yield SendResult(
                    notifications=(notification,),
                    error=str(error),
                    is_permanent=error.is_permanent,
                )
            else:
                yield SendResult(notifications=(notification,))

    def check(self) -> list[CheckMessage]:
        """Look for settings with which this channel cannot work.

        Returns:
            Messages for `manage.py check`.
        """
        return []
