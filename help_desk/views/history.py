"""A ticket's history, put into words for its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketEvent
from help_desk.notifications.content import display

if TYPE_CHECKING:
    from datetime import datetime

    from help_desk.host_types import Account

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
class HistoryEntry:
    """One thing that happened.

    Attributes:
        kind: `new`, `update`, `comment`; names the entry's look.
        title: What happened, in a few words.
        actor: Who did it, where known.
        moment: When.
        changes: What changed, in short values.
        earlier_text: The description before, where it changed; else None.
    """

    kind: str
    title: str
    actor: Account | None
    moment: datetime
    changes: tuple[Change, ...] = ()
    earlier_text: str | None = None


@dataclass(frozen=True, kw_only=True)
class History:
    """A stretch of a ticket's history.

    Attributes:
        entries: Oldest first.
        older_before: Key of the event before which there is more; None at the beginning.
        is_latest: Whether the stretch ends now.
    """

    entries: tuple[HistoryEntry, ...]
    older_before: int | None
    is_latest: bool


def read_history(ticket: HelpDeskTicket, before: str | None) -> History:
    """Read a stretch of a ticket's history, in one query.

    Args:
        ticket: The ticket.
        before: Key of an event as it was typed; the stretch ends before it. What is no
            number is ignored.

    Returns:
        The last events there are, at most 50.
    """
    events = TicketEvent.objects.filter(ticket=ticket).with_people()
    try:
        end = int(before) if before else None
    except ValueError:
        end = None
    if end is not None:
        events = events.filter(pk__lt=end)
    newest_first = list(events.newest_first()[: HISTORY_SIZE + 1])
    stretch = newest_first[:HISTORY_SIZE][::-1]
    has_older = len(newest_first) > HISTORY_SIZE
    entries = [_entry(event) for event in stretch]
    if not has_older and (not stretch or stretch[0].type != TicketEventType.NEW):
        # Tickets that were taken over have no event of their creation.
        entries.insert(0, _creation(ticket))
    return History(
        entries=tuple(entries),
        older_before=stretch[0].pk if has_older else None,
        is_latest=end is None,
    )


def _creation(ticket: HelpDeskTicket) -> HistoryEntry:
    return HistoryEntry(
        kind=TicketEventType.NEW.value,
        title=_("Ticket filed"),
        actor=ticket.created_by,
        moment=ticket.created_datetime,
    )


def _entry(event: TicketEvent) -> HistoryEntry:
    changes = {
        name: values
        for name, values in event.changes.items()
        if event.type != TicketEventType.NEW or name != "description"
    }
    description = changes.pop("description", None)
    return HistoryEntry(
        kind=event.type,
        title=_title(event, changes, is_rewritten=description is not None),
        actor=event.actor,
        moment=event.created_datetime,
        changes=tuple(
            _change(name, *values) for name, values in changes.items() if name not in _FLAGS
        ),
        earlier_text=description[0] if description else None,
    )


def _title(event: TicketEvent, changes: dict[str, Any], *, is_rewritten: bool) -> str:
    if event.type == TicketEventType.NEW:
        return _("Ticket filed")
    flags = [_FLAGS[name](values[1]) for name, values in changes.items() if name in _FLAGS]
    if flags:
        return ", ".join(flags)
    if is_rewritten and not changes:
        return _("Description changed")
    return _("Ticket changed")


_FLAGS = {
    "is_deleted": lambda value: _("Ticket deleted") if value else _("Ticket restored"),
    "is_active": lambda value: _("Ticket set active") if value else _("Ticket set inactive"),
}


def _change(name: str, old: Any, new: Any) -> Change:
    return Change(label=_label(name), old=display(name, old), new=display(name, new))


def _label(name: str) -> str:
    """Name a field; an event may be older than the model's fields."""
    try:
        field = HelpDeskTicket._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    return str(getattr(field, "verbose_name", name))
