"""Changing a ticket's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from help_desk.services.flows.conflicts import merge
from help_desk.services.flows.fields import apply_fields, validate_field_names
from help_desk.services.flows.locking import locked, validate_not_deleted
from help_desk.services.flows.notify import save_and_notify
from help_desk.services.flows.status import assign_on_start
from help_desk.services.flows.transactions import retried

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket, TicketEvent


@retried
def update_ticket(
    ticket: HelpDeskTicket, *, actor: User | None, base_version: int | None = None, **fields: Any
) -> TicketEvent | None:
    """Change fields and notify the recipients of the changes."""
    validate_field_names(fields)
    with locked(ticket) as current:
        if "is_deleted" not in fields:
            validate_not_deleted(current)
        if base_version is not None:
            fields = merge(current, base_version, fields)
        old_status = current.status
        apply_fields(current, fields)
        assign_on_start(current, old_status, actor)
        return save_and_notify(current, actor=actor)


def save_silently(
    ticket: HelpDeskTicket, *, actor: User | None, **fields: Any
) -> tuple[HelpDeskTicket, bool]:
    """Apply fields and save with history, without notifying anyone."""
    ticket.tracker.forget_rolled_back_saves()
    was_created = ticket._state.adding
    creator = fields.pop("created_by", None) if was_created else None
    validate_field_names(fields)
    apply_fields(ticket, fields, creator=creator)
    ticket.save(actor=actor)
    return ticket, was_created
