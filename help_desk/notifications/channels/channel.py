"""What a channel is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from help_desk.exceptions import HelpDeskError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from django.core.checks import CheckMessage
    from django.utils.functional import _StrPromise

    from help_desk.enums import NotificationKind, Role
    from help_desk.models import Notification, TicketEvent
    from help_desk.notifications.recipients import Person


class ChannelUnavailableError(HelpDeskError):
    """Nothing can leave by this channel now, whoever it is for."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one message.

    Attributes:
        notifications: The rows that the message was made of; one, for most channels.
        error: What went wrong, in words; empty if it was sent.
        is_permanent: Whether another attempt would go wrong the same way.
    """

    notifications: Sequence[Notification]
    error: str = ""
    is_permanent: bool = False


class Channel(ABC):
    """One way in which people are told; a host adds its own by a subclass.

    The setting `CHANNELS` lists the classes. An instance serves one batch.
    """

    name: ClassVar[str]
    """What the row's `channel` says; at most 32 characters."""

    label: ClassVar[str | _StrPromise]
    """What people call it."""

    is_inbox: ClassVar[bool] = False
    """Whether writing the row is all that it takes; nothing is sent."""

    is_personal: ClassVar[bool] = True
    """Whether it reaches people, who may then choose what comes by it."""

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

    def address_of(self, person: Person) -> str | None:
        """Say where this channel reaches somebody.

        Args:
            person: Whoever is to be told.

        Returns:
            An address of at most 500 characters; None where the account is all that it
            takes; empty where the person cannot be reached by this channel.
        """
        return None

    def subscribers(self, event: TicketEvent, kinds: Collection[NotificationKind]) -> Iterable[str]:
        """Name who is told by this channel without being a person.

        Args:
            event: What happened.
            kinds: What people can be told of it.

        Returns:
            Addresses of at most 500 characters, each once; there is one row for each.
        """
        return ()

    @abstractmethod
    def send(self, notifications: Sequence[Notification]) -> Iterator[Outcome]:
        """Send each of these, in their order, and say at once what became of it.

        Called outside any transaction. An outcome is written down before the next is
        asked for, so yield after each message.

        Args:
            notifications: Rows with `event`, its ticket, actor and comment, and `recipient`
                loaded.

        Yields:
            One outcome per message.

        Raises:
            ChannelUnavailableError: The way itself is blocked; rows without an outcome
                wait, and no attempt counts against them.
        """

    def check(self) -> list[CheckMessage]:
        """Look for settings with which this channel cannot work.

        Returns:
            Messages for `manage.py check`.
        """
        return []
