"""The history of every ticket, replayed from its events.

Nothing here imports the package's rules: rows are read as plain values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent

CONTENT = ("purpose", "priority", "status", "description")
FIELDS = (*CONTENT, "assigned_to", "is_active", "is_deleted")


@dataclass(kw_only=True)
class Event:
    """One event, and the ticket's values after it."""

    id: int
    ticket: int
    type: str
    actor: int | None
    time: float
    changes: dict[str, list[Any]]
    comment: int | None
    is_internal: bool
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Ticket:
    """One ticket: its row, and its events in their order."""

    id: int
    creator: int
    row: dict[str, Any]
    is_done: bool
    events: list[Event]


def load() -> dict[int, Ticket]:
    """Return every ticket by its number."""
    events = defaultdict(list)
    for row in TicketEvent.objects.select_related("comment").order_by("pk"):
        events[row.ticket_id].append(
            Event(
                id=row.pk,
                ticket=row.ticket_id,
                type=str(row.type),
                actor=row.actor_id,
                time=row.created_datetime.timestamp(),
                changes=row.changes,
                comment=row.comment_id,
                is_internal=row.comment is not None and row.comment.is_internal,
            )
        )
    tickets = {}
    for row in HelpDeskTicket.objects.order_by("pk"):
        values = {name: getattr(row, name) for name in FIELDS if name != "assigned_to"}
        tickets[row.pk] = Ticket(
            id=row.pk,
            creator=row.created_by_id,
            row={**values, "assigned_to": row.assigned_to_id},
            is_done=row.done_datetime is not None,
            events=events[row.pk],
        )
    return tickets


def replay(tickets: dict[int, Ticket]) -> Iterator[str]:
    """Replay each ticket's events, and yield what does not fit together."""
    for ticket in tickets.values():
        yield from _replay_ticket(ticket)
    yield from _replay_comments(tickets)


def _replay_ticket(ticket: Ticket) -> Iterator[str]:
    types = [event.type for event in ticket.events]
    if types.count("new") != 1 or types[0] != "new":
        yield f"ticket {ticket.id}: its events are of the types {types[:5]}"
    values: dict[str, Any] = dict.fromkeys(FIELDS) | {"is_active": True, "is_deleted": False}
    for event in ticket.events:
        yield from _replay_event(event, values)
    different = {
        name: (value, ticket.row[name])
        for name, value in values.items()
        if value != ticket.row[name]
    }
    if different:
        yield f"ticket {ticket.id}: history and row differ: {different}"
    if ticket.is_done != (ticket.row["status"] == "done"):
        yield f"ticket {ticket.id}: is {ticket.row['status']}, but done_datetime says otherwise"


def _replay_event(event: Event, values: dict[str, Any]) -> Iterator[str]:
    """Apply an event to the values before it."""
    if not event.changes:
        yield f"event {event.id}: no changes"
    for name, (old, new) in event.changes.items():
        if name == "text":
            continue  # of a comment
        if old != values[name] or old == new:
            yield (
                f"ticket {event.ticket}, event {event.id}: {name} changed from {old!r} to "
                f"{new!r}, but was {values[name]!r}"
            )
        values[name] = new
    event.values = dict(values)


def _replay_comments(tickets: dict[int, Ticket]) -> Iterator[str]:
    events: dict[int, list[Event]] = defaultdict(list)
    for ticket in tickets.values():
        for event in ticket.events:
            events[event.comment or 0].append(event)
    for row in TicketComment.objects.order_by("pk"):
        yield from _replay_comment(row, events[row.pk])


def _replay_comment(row: TicketComment, events: list[Event]) -> Iterator[str]:
    if [event.type for event in events].count("comment") != 1:
        yield f"comment {row.pk}: {len(events)} events, not one of its creation"
    text = None
    for event in events:
        old, new = event.changes["text"]
        if old != text:
            yield f"comment {row.pk}: its history has a gap"
        text = new
    if text != row.text:
        yield f"comment {row.pk}: history and row differ"
