"""Create forms that are submitted more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from help_desk.enums import TicketEventType
from help_desk.models import TicketEvent, TicketSubmission

if TYPE_CHECKING:
    from uuid import UUID

    from help_desk.models import HelpDeskTicket


def record_submission(ticket: HelpDeskTicket, token: UUID, using: str) -> None:
    """Record that a new ticket's creator used a token; the database refuses it twice."""
    TicketSubmission.objects.using(using).create(
        user_id=ticket.created_by_id, token=token, ticket=ticket
    )


def find_submitted(ticket: HelpDeskTicket, token: UUID | None, using: str) -> HelpDeskTicket | None:
    """Return the ticket that the creator of an unsaved ticket created with the same form.

    Raises ValidationError if that ticket is not what the user submits now: the Back button of a
    browser leads to the same form, and what is typed there may be for another ticket.
    """
    if token is None:
        return None
    submissions = TicketSubmission.objects.using(using).select_related("ticket__created_by")
    submission = submissions.filter(user_id=ticket.created_by_id, token=token).first()
    if submission is None:
        return None
    first = submission.ticket
    if first.is_deleted:
        raise ValidationError(
            _(
                "You already submitted this form. The ticket that it created, %(ticket)s, has "
                "since been deleted. To create a new ticket, submit the form again."
            ),
            code="already_submitted",
            params={"ticket": first},
        )
    values = ticket.initial_values()
    values.pop("assigned_to", None)  # recorded in an event of its own
    if _values_at_creation(first, using) != values:
        raise ValidationError(
            _(
                "You already submitted this form, which created %(ticket)s. To create another "
                "ticket with what the form contains now, submit it again."
            ),
            code="already_submitted",
            params={"ticket": first},
        )
    return first


def _values_at_creation(ticket: HelpDeskTicket, using: str) -> object:
    events = TicketEvent.objects.using(using).filter(ticket_id=ticket.pk, type=TicketEventType.NEW)
    return events.values_list("changes", flat=True).first()
