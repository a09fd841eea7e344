"""Changing a ticket's status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.auth import policy
from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.services.flows.locking import locked, validate_not_deleted
from help_desk.services.flows.notify import save_and_notify
from help_desk.services.flows.transactions import retried

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket, TicketEvent


@retried
def set_status(
    ticket: HelpDeskTicket, status: HelpDeskTicketStatusChoices, *, actor: User | None
) -> TicketEvent | None:
    """Set the status and notify the recipients of the change."""
    with locked(ticket) as current:
        validate_not_deleted(current)
        change_status(current, status, actor=actor)
        return save_and_notify(current, actor=actor)


def change_status(ticket: HelpDeskTicket, status: str, *, actor: User | None) -> None:
    """Set the status of a locked ticket, without saving it."""
    old_status, ticket.status = ticket.status, status
    assign_on_start(ticket, old_status, actor)


def assign_on_start(ticket: HelpDeskTicket, old_status: str, actor: User | None) -> None:
    """Assign a ticket that was just started to the actor, if `ASSIGN_ON_START` is set."""
    is_started = ticket.status == HelpDeskTicketStatusChoices.INPROGRESS != old_status
    if (
        is_started
        and actor is not None
        and ticket.assigned_to_id is None
        and help_desk_settings.ASSIGN_ON_START
        and policy.can(actor, "change")
    ):
        ticket.assigned_to = actor
