"""The base class of channels. `docs/howto/add_a_channel.md` shows how to write one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from help_desk.exceptions import HelpDeskError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from django.core.checks import CheckMessage
    from django.utils.functional import _StrPromise

    from help_desk.enums import NotificationKind, Role
    from help_desk.models import Notification, TicketEvent


class ChannelUnavailableError(HelpDeskError):
    """No message can be sent through this channel now, to any recipient."""

    def __init__(self, message: str, *, attempted: Sequence[Notification] = ()) -> None:
        """Describe the error.

        Args:
            message: What went wrong. It is stored and shown in the admin, so it must not
                contain passwords.
            attempted: The rows of the message that was being sent; it counts as an attempt for
                them, but not for others.
        """
        super().__init__(message)
        self.attempted = attempted


class NotSentError(HelpDeskError):
    """One message could not be sent; the next one may be."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        """Describe the error.

        Args:
            message: What went wrong. It is stored and shown in the admin, so it must not
                contain passwords.
            is_permanent: Whether another attempt would fail in the same way.
        """
        super().__init__(message)
        self.is_permanent = is_permanent


@dataclass(kw_only=True)
class Recipient:
    """A user or an address to notify.

    Attributes:
        user_id: The user's ID; None for an address in `ADMINS` that is notified by itself.
        email: The email address, if it is known and needed.
        roles: The recipient's roles for the ticket.
    """

    user_id: Any = None
    email: str = ""
    roles: set[Role] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """The result of sending one message.

    Attributes:
        notifications: The rows in the message; for most channels, one.
        error: What went wrong; empty if it was sent.
        is_permanent: Whether another attempt would fail in the same way.
        is_deferred: Whether nothing was tried, so that it does not count as an attempt. The
            rows wait for a minute.
    """

    notifications: Sequence[Notification]
    error: str = ""
    is_permanent: bool = False
    is_deferred: bool = False


class Channel:
    """One way to notify users or other programs.

    The setting `CHANNELS` lists the classes; an instance serves one batch. A subclass has a
    `name`, returns addresses (`address_of` for users, `subscribers` for others) and sends
    (`send_one`, or `send` if messages share something, such as a connection).
    """

    name: ClassVar[str]
    """Stored in the rows' `channel`: at most 32 characters. Never change it."""

    label: ClassVar[str | _StrPromise]
    """The channel's name on the preferences page."""

    is_inbox: ClassVar[bool] = False
    """Whether the row itself is the message; nothing is sent."""

    is_personal: ClassVar[bool] = True
    """Whether it notifies users, who can set preferences; if not, only `subscribers`."""

    supports_digest: ClassVar[bool] = False
    """Whether `send` puts several rows into one message, and users can get a digest by it."""

    def wants(self, kind: NotificationKind, role: Role) -> bool:
        """Return whether a role is notified of a kind of event by default.

        The setting `NOTIFICATION_RULES` and the user's preferences come first.

        Args:
            kind: The kind of event.
            role: The recipient's role for the ticket.

        Returns:
            False, unless overridden.
        """
        return False

    def address_of(self, recipient: Recipient) -> str | None:
        """Return the address at which this channel reaches a recipient.

        Called in the transaction that records the event: no queries and nothing slow here.

        Args:
            recipient: The recipient.

        Returns:
            An address of at most 500 characters; None if the user ID is enough; an empty
            string if the recipient cannot be reached by this channel.
        """
        return None

    def subscribers(self, event: TicketEvent, kinds: Collection[NotificationKind]) -> Iterable[str]:
        """Return the addresses to notify that do not belong to a user.

        Called in the transaction that records the event: nothing slow here. An error undoes
        the event.

        Args:
            event: The event. Whether an internal note is sent is up to the channel.
            kinds: The kinds of the event, with `NotificationKind.NOTE` for an internal note.

        Returns:
            Addresses of at most 500 characters, without secrets: staff can read them.
        """
        return ()

    def send_one(self, notification: Notification) -> None:
        """Send one message.

        Called outside of any transaction. A message may be sent twice after a crash; the row's
        `event_id` then is the same.

        Args:
            notification: A row with `recipient` and `event` (its ticket, actor and comment)
                loaded.

        Raises:
            NotSentError: The message could not be sent.
            ChannelUnavailableError: No message can be sent now.
        """
        message = f"{type(self).__qualname__} must define send_one() or send()."
        raise NotImplementedError(message)

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        """Send rows in their order, and yield a result after each message.

        Override it if messages share something, such as a connection; otherwise `send_one`.
        Called outside of any transaction. A result is stored before the next is requested.

        Args:
            notifications: Rows as in `send_one`.

        Yields:
            One result per message.

        Raises:
            ChannelUnavailableError: No message can be sent now. Rows without a result are
                deferred, which does not count as an attempt.
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
        """Return system check messages about this channel's settings.

        Returns:
            Messages for `manage.py check`.
        """
        return []
