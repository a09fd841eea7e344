"""Creating a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from help_desk import signals
from help_desk.models import HelpDeskTicket, restore_on_error
from help_desk.services.flows.fields import apply_fields, validate_field_names
from help_desk.services.flows.follow import add_followers
from help_desk.services.flows.locking import database_of
from help_desk.services.flows.mentions import find_mentioned
from help_desk.services.flows.notify import notify, save_and_notify
from help_desk.services.flows.transactions import repeatable_transaction, retried
from help_desk.text.mentions import mentioned_names

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


@dataclass(frozen=True, kw_only=True)
class CreateResult:
    """A created ticket, and the mentioned names of users who were not notified."""

    ticket: HelpDeskTicket
    unreached_mentions: tuple[str, ...]


@retried
def create_ticket(
    ticket: HelpDeskTicket, *, created_by: User | AnonymousUser, **fields: Any
) -> CreateResult:
    """Create a ticket and notify developers, managers and mentioned users."""
    if not ticket._state.adding:
        raise ValidationError(
            _("%(ticket)s exists already. Use update() to change it."),
            code="already_created",
            params={"ticket": ticket},
        )
    validate_field_names(fields)
    apply_fields(ticket, {"assigned_to": ticket.assigned_to, **fields}, creator=created_by)
    names = mentioned_names(ticket.description)
    using = database_of(ticket)
    with restore_on_error(ticket), repeatable_transaction(using):
        assignee, ticket.assigned_to = ticket.assigned_to, None
        event = ticket.save_with_event(actor=ticket.created_by)
        mentions = find_mentioned(names, ticket, using=using)
        add_followers(ticket.pk, mentions.user_ids, using=using)
        if event is not None:
            notify(event, mentioned=mentions.user_ids)
        signals.send_after_commit(
            signals.ticket_created, using=using, sender=HelpDeskTicket, ticket=ticket, event=event
        )
        if assignee is not None:
            # A separate event, so that the assignee is notified like at any assignment.
            ticket.assigned_to = assignee
            save_and_notify(ticket, actor=ticket.created_by)
    return CreateResult(ticket=ticket, unreached_mentions=mentions.unreached)
