"""Asking whom something was told."""

from __future__ import annotations

from typing import Any

from help_desk.models import HelpDeskTicket, Notification, TicketEvent


def told(channel: str = "in_app", event: TicketEvent | None = None) -> set[Any]:
    """Who has a row of an event by a channel; of the latest event where none is named."""
    event = event or TicketEvent.objects.latest("pk")
    rows = Notification.objects.filter(event=event, channel=channel)
    people = [row.recipient for row in rows.select_related("recipient")]
    assert len(people) == len(set(people))
    return set(people)


def history(ticket: HelpDeskTicket) -> list[dict[str, Any]]:
    """The changes of each event, the oldest first."""
    return [event.changes for event in ticket.events.oldest_first()]
