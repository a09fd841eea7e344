"""Who was notified of an event, and what the history of a ticket records."""

from __future__ import annotations

from typing import Any

from help_desk.models import HelpDeskTicket, Notification, TicketEvent


def notified(channel: str = "in_app", event: TicketEvent | None = None) -> set[Any]:
    """Return the users who were notified of an event, by default of the latest one."""
    event = event or TicketEvent.objects.latest("pk")
    rows = Notification.objects.filter(event=event, channel=channel)
    users = [row.recipient for row in rows.select_related("recipient")]
    assert len(users) == len(set(users))
    return set(users)


def history(ticket: HelpDeskTicket) -> list[dict[str, Any]]:
    """Return the changes of each event, the oldest first."""
    return [event.changes for event in ticket.events.oldest_first()]
