"""Saving a ticket together with its notifications and signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from help_desk import signals
from help_desk.delivery import dispatch
from help_desk.models import HelpDeskTicket
from help_desk.notifications import planner

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import User

    from help_desk.models import Notification, TicketComment, TicketEvent


def save_and_notify(
    ticket: HelpDeskTicket,
    *,
    actor: User | None,
    comment: TicketComment | None = None,
    mentioned: Collection[Any] = (),
) -> TicketEvent | None:
    """Save the ticket with its event, write the notifications, and send signals on commit."""
    event = ticket.save_with_event(actor=actor, comment=comment)
    if event is None:
        return None
    notify(event, mentioned=mentioned)
    # The ticket as it was saved; the caller's instance is refreshed only after the commit.
    arguments = {"sender": HelpDeskTicket, "ticket": ticket, "event": event}
    using = event.database
    if comment is not None:
        signals.send_after_commit(
            signals.ticket_commented, using=using, comment=comment, **arguments
        )
    if event.changes.keys() - {"text"}:
        signals.send_after_commit(signals.ticket_changed, using=using, **arguments)
    return event


def notify(
    event: TicketEvent,
    *,
    mentioned: Collection[Any] = (),
    already_notified: Collection[planner.RecipientKey] = (),
) -> list[Notification]:
    """Write an event's notifications, and send the external ones after the commit."""
    rows = planner.plan(event, mentioned=mentioned, already_notified=already_notified)
    if any(row.due_datetime for row in rows):
        # External channels are sent after commit, so a rollback never notifies anyone.
        dispatch.after_commit(event.pk, event.database)
    return rows
