"""What was said and done on a ticket, in one order, put into words for its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from help_desk.content.wording import LONG_FIELDS, format_value
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket
from help_desk.services.flows.comment import can_edit_comment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from help_desk.models import TicketComment, TicketEvent
    from help_desk.querysets import TicketEventQuerySet

HISTORY_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field that changed.

    Attributes:
        label: The field's name in words.
        old: What it said before, in words; empty where it said nothing.
        new: What it says since.
    """

    label: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One thing that happened.

    Attributes:
        kind: `new`, `update`, `comment`; names the entry's look.
        title: What happened, in a few words.
        actor: Who did it, where known.
        moment: When.
        changes: What changed, in short values.
        comment: What was written; None where nothing was.
        can_edit_comment: Whether the reader may correct the comment now.
        is_comment: Whether it is of a comment, written or corrected.
        is_internal: Whether that comment is an internal note.
        earlier_text: Description or comment before, where it changed; else None.
    """

    kind: str
    title: str
    actor: User | None
    moment: datetime
    changes: tuple[Change, ...] = ()
    comment: TicketComment | None = None
    can_edit_comment: bool = False
    is_comment: bool = False
    is_internal: bool = False
    earlier_text: str | None = None


@dataclass(frozen=True, kw_only=True)
class TimelinePage:
    """Some events of a ticket, not yet in words.

    Attributes:
        events: Oldest first, with their people.
        has_older: Whether there are events before them.
        is_latest: Whether the stretch ends now.
    """

    events: tuple[TicketEvent, ...]
    has_older: bool
    is_latest: bool


@dataclass(frozen=True, kw_only=True)
class History:
    """A stretch of a ticket's history.

    Attributes:
        entries: Oldest first.
        older_before: Key of the event before which there is more; None at the beginning.
        is_latest: Whether the stretch ends now.
    """

    entries: tuple[TimelineEntry, ...]
    older_before: int | None
    is_latest: bool


def read_timeline(events: TicketEventQuerySet, before: str | None) -> TimelinePage:
    """Read a stretch of a ticket's history, in one query.

    Args:
        events: Those of the ticket that the reader may know of.
        before: Key of an event as it was typed; the stretch ends before it. What is no
            number is ignored.

    Returns:
        The last events there are, at most 50.
    """
    try:
        end = int(before) if before else None
    except ValueError:
        end = None
    if end is not None:
        events = events.filter(pk__lt=end)
    newest_first = list(events.with_people().newest_first()[: HISTORY_SIZE + 1])
    return TimelinePage(
        events=tuple(newest_first[:HISTORY_SIZE][::-1]),
        has_older=len(newest_first) > HISTORY_SIZE,
        is_latest=end is None,
    )


def tell(
    stretch: TimelinePage, ticket: HelpDeskTicket, reader: User, people: Mapping[str, str]
) -> History:
    """Put a stretch of a ticket's history into words.

    Args:
        stretch: What was read.
        ticket: The ticket.
        reader: Who reads it.
        people: Key of each account that the changes name, as text, to the person's name.

    Returns:
        The words.
    """
    events = stretch.events
    entries = [_entry(event, reader, people) for event in events]
    if not stretch.has_older and (not events or events[0].type != TicketEventType.NEW):
        # Tickets that were taken over have no event of their creation.
        entries.insert(0, _creation(ticket))
    return History(
        entries=tuple(entries),
        older_before=events[0].pk if stretch.has_older else None,
        is_latest=stretch.is_latest,
    )


def _creation(ticket: HelpDeskTicket) -> TimelineEntry:
    return TimelineEntry(
        kind=TicketEventType.NEW.value,
        title=_("Ticket filed"),
        actor=ticket.created_by,
        moment=ticket.created_datetime,
    )


def _entry(event: TicketEvent, reader: User, people: Mapping[str, str]) -> TimelineEntry:
    is_said = event.type == TicketEventType.COMMENT
    comment = event.comment
    changes = {name: values for name, values in event.changes.items() if name not in LONG_FIELDS}
    return TimelineEntry(
        kind=event.type,
        title=_title(event, changes),
        actor=event.actor,
        moment=event.created_datetime,
        changes=tuple(
            _change(name, values, people) for name, values in changes.items() if name not in _FLAGS
        ),
        comment=comment if is_said else None,
        can_edit_comment=is_said and comment is not None and can_edit_comment(comment, reader),
        is_comment=comment is not None,
        is_internal=comment is not None and comment.is_internal,
        earlier_text=_earlier_text(event),
    )


def _earlier_text(event: TicketEvent) -> str | None:
    if event.type != TicketEventType.UPDATE:
        return None
    texts = [old for name, (old, _new) in event.changes.items() if name in LONG_FIELDS]
    return texts[0] if texts else None


def _title(event: TicketEvent, changes: Mapping[str, Sequence[Any]]) -> str:
    if event.type == TicketEventType.NEW:
        return _("Ticket filed")
    if event.comment is not None:
        return _title_of_comment(event, is_internal=event.comment.is_internal)
    flags = [_FLAGS[name](values[1]) for name, values in changes.items() if name in _FLAGS]
    if flags:
        return ", ".join(flags)
    if "description" in event.changes and not changes:
        return _("Description changed")
    return _("Ticket changed")


def _title_of_comment(event: TicketEvent, *, is_internal: bool) -> str:
    if event.type == TicketEventType.COMMENT:
        return _("Internal note") if is_internal else _("Reply")
    return _("Internal note corrected") if is_internal else _("Reply corrected")


_FLAGS = {
    "is_deleted": lambda value: _("Ticket deleted") if value else _("Ticket restored"),
    "is_active": lambda value: _("Ticket set active") if value else _("Ticket set inactive"),
}


def _change(name: str, values: Sequence[Any], people: Mapping[str, str]) -> Change:
    old, new = (format_value(name, value, people) for value in values)
    return Change(label=_label(name), old=old, new=new)


def _label(name: str) -> str:
    """Name a field; an event may be older than the model's fields."""
    try:
        field = HelpDeskTicket._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    return str(getattr(field, "verbose_name", name))
