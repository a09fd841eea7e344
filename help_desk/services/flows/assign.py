"""Assigning a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.services.flows.fields import validate_assignee
from help_desk.services.flows.locking import database_of, locked, validate_not_deleted
from help_desk.services.flows.notify import save_and_notify
from help_desk.services.flows.transactions import retried

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket, TicketEvent


@retried
def assign(
    ticket: HelpDeskTicket, *, assignee: User | None, actor: User | None
) -> TicketEvent | None:
    """Assign a ticket to a user who can change tickets, or unassign it."""
    validate_assignee(assignee, using=database_of(ticket))
    with locked(ticket) as current:
        validate_not_deleted(current)
        current.assigned_to = assignee
        return save_and_notify(current, actor=actor)
