"""The timeline of a ticket: comments and changes in one order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _

from help_desk.content.wording import (
    LONG_FIELDS,
    changes_of,
    display_name,
    user_ids_in,
    user_names,
)
from help_desk.enums import TicketEventType
from help_desk.models import TicketEvent
from help_desk.services.flows.comment import can_edit_comment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from django.contrib.auth.models import User

    from help_desk.content.wording import Change
    from help_desk.models import HelpDeskTicket, TicketComment
    from help_desk.querysets import TicketEventQuerySet

PAGE_SIZE = 50
"""Entries of a page."""

MAX_CHARACTERS = 200_000
"""Characters of texts on a page; a longer text has a page of its own."""

MAX_SIZE = 5 * MAX_CHARACTERS
"""What is loaded for a page. Stored changes contain escapes, and values that are not shown."""


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One event, or the creation of a ticket that has no event for it.

    Attributes:
        type: `new`, `update` or `comment`.
        title: What happened.
        actor: The user who did it, if known.
        created_datetime: When it happened.
        changes: The changed fields, without long texts.
        comment: The comment that was added.
        can_edit: Whether the user can edit that comment now.
        is_internal: Whether it is about an internal note.
        earlier_description: The description before the change, or None.
        earlier_text: The text of a comment before it was edited, or None.
    """

    type: str
    title: str
    actor: User | None
    created_datetime: datetime
    changes: tuple[Change, ...] = ()
    comment: TicketComment | None = None
    can_edit: bool = False
    is_internal: bool = False
    earlier_description: str | None = None
    earlier_text: str | None = None

    @property
    def created(self) -> str:
        """The date and time in ISO 8601, like the filter `date:"c"` in a tenth of its time."""
        created = self.created_datetime
        return (localtime(created) if is_aware(created) else created).isoformat()


@dataclass(frozen=True, kw_only=True)
class TimelinePage:
    """A part of a ticket's timeline.

    Attributes:
        entries: The oldest first.
        older_before: The ID of the event before which there are more; None for the first page.
        is_latest: Whether no newer entries were left out.
    """

    entries: tuple[TimelineEntry, ...]
    older_before: int | None
    is_latest: bool


def build_timeline(
    ticket: HelpDeskTicket,
    events: TicketEventQuerySet,
    user: User,
    *,
    before: str | None = None,
    known_users: Iterable[User] = (),
) -> TimelinePage:
    """Return a page of a ticket's timeline, by default the latest.

    Args:
        ticket: The ticket.
        events: The ticket's events that the user may see.
        user: The user.
        before: The ID of the event before which the page ends; ignored if it is not a number.
        known_users: Users whose names need no query; usually all assignees are among them.

    Returns:
        The page.
    """
    try:
        end = int(before) if before else None
    except ValueError:
        end = None
    shown, has_older = _latest(events if end is None else events.filter(pk__lt=end))
    names = {str(known.pk): display_name(known) for known in known_users}
    if user_ids_in(shown) - names.keys():
        names |= user_names(shown)
    entries = [_entry(event, user, names) for event in shown]
    if not has_older and (not shown or shown[0].type != TicketEventType.NEW):
        # Tickets that were taken over from django-spire have no event for their creation.
        entries.insert(0, _creation(ticket))
    return TimelinePage(
        entries=tuple(entries),
        older_before=shown[0].pk if shown and has_older else None,
        is_latest=end is None,
    )


def _latest(events: TicketEventQuerySet) -> tuple[list[TicketEvent], bool]:
    """Return the latest events that fit on a page, the oldest first, and whether there are more."""
    newest_first = list(events.newest_first().ids_and_sizes()[: PAGE_SIZE + 1])
    count = min(_count_within(MAX_SIZE, (size for _pk, size in newest_first)), PAGE_SIZE)
    ids = [pk for pk, _size in newest_first[:count]]
    loaded = sorted(TicketEvent.objects.with_users().filter(pk__in=ids), key=attrgetter("pk"))
    # Comments are not part of the size: their events have the text before it was edited.
    shown = _count_within(MAX_CHARACTERS, (_characters(event) for event in reversed(loaded)))
    return loaded[-shown:], len(loaded[-shown:]) < len(newest_first)


def _count_within(limit: int, lengths: Iterable[int]) -> int:
    """Return how many of the first items have a total length within a limit, at least one."""
    count = sum(total <= limit for total in accumulate(lengths))
    return max(count, 1)


def _characters(event: TicketEvent) -> int:
    """Return the length of the texts that the page shows of an event."""
    if event.type == TicketEventType.COMMENT:
        return len(event.comment.text) if event.comment is not None else 0
    return sum(len(str(event.old_value(field) or "")) for field in LONG_FIELDS)


def _creation(ticket: HelpDeskTicket) -> TimelineEntry:
    return TimelineEntry(
        type=TicketEventType.NEW.value,
        title=_("Ticket created"),
        actor=ticket.created_by,
        created_datetime=ticket.created_datetime,
    )


def _entry(event: TicketEvent, user: User, names: Mapping[str, str]) -> TimelineEntry:
    is_update = event.type == TicketEventType.UPDATE
    comment = event.comment if event.type == TicketEventType.COMMENT else None
    return TimelineEntry(
        type=event.type,
        title=_title(event),
        actor=event.actor,
        created_datetime=event.created_datetime,
        changes=tuple(
            change for change in changes_of(event, names) if change.field not in _FLAG_TITLES
        ),
        comment=comment,
        can_edit=comment is not None and can_edit_comment(comment, user),
        is_internal=event.is_internal,
        earlier_description=event.old_value("description") if is_update else None,
        earlier_text=event.old_value("text") if is_update else None,
    )


def _title(event: TicketEvent) -> str:
    if event.type == TicketEventType.NEW:
        return _("Ticket created")
    if event.comment is not None:
        if event.type == TicketEventType.COMMENT:
            return _("Internal note") if event.is_internal else _("Reply")
        return _("Internal note edited") if event.is_internal else _("Reply edited")
    titles = [
        title(event.new_value(flag)) for flag, title in _FLAG_TITLES.items() if flag in event.values
    ]
    if titles:
        return ", ".join(titles)
    if event.values.keys() == {"description"}:
        return _("Description changed")
    return _("Ticket changed")


_FLAG_TITLES: dict[str, Any] = {
    "is_deleted": lambda value: _("Ticket deleted") if value else _("Ticket restored"),
    "is_active": lambda value: _("Ticket activated") if value else _("Ticket deactivated"),
}
