"""Changing one field of a ticket with one click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.content.wording import field_label, format_attribute, format_value, user_names
from help_desk.exceptions import TicketConflictError
from help_desk.views.page import base_version

if TYPE_CHECKING:
    from help_desk.exceptions import FieldConflict
    from help_desk.models import HelpDeskTicket, TicketEvent
    from help_desk.views.types import HelpDeskRequest

_READY, _DONE = HelpDeskTicketStatusChoices.READY, HelpDeskTicketStatusChoices.DONE
_STATUS_MESSAGES = {
    _READY: gettext_lazy("Ticket #%(number)s moved back to ready."),
    HelpDeskTicketStatusChoices.INPROGRESS: gettext_lazy(
        "Ticket #%(number)s marked as in progress."
    ),
    _DONE: gettext_lazy("Ticket #%(number)s marked as done."),
}


def save_field(request: HelpDeskRequest, ticket: HelpDeskTicket, field: str, value: Any) -> None:
    """Change a field and add a message; add a warning if another user changed it meanwhile."""
    version = base_version(request)
    try:
        event = ticket.services.update(request.user, base_version=version, **{field: value})
    except TicketConflictError as error:
        (conflict,) = error.conflicts
        messages.warning(request, _conflict_message(conflict), fail_silently=True)
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            raise
        raise Http404 from error  # It was deleted after it was read.
    else:
        if event is not None:
            messages.success(request, _success_message(request, event), fail_silently=True)


def _conflict_message(conflict: FieldConflict) -> str:
    return _(
        "This ticket changed while you were editing. Your change was not saved. "
        "%(field)s: %(value)s."
    ) % {
        "field": field_label(conflict.field),
        "value": format_attribute(conflict.field, conflict.current),
    }


def _success_message(request: HelpDeskRequest, event: TicketEvent) -> str:
    """Describe the event; starting a ticket may also assign it."""
    number = {"number": event.ticket_id}
    sentences = []
    if status := event.new_value("status"):
        is_reopened = (event.old_value("status"), status) == (_DONE, _READY)
        message = _("Ticket #%(number)s reopened.") if is_reopened else _STATUS_MESSAGES[status]
        sentences.append(str(message) % number)
    if "assigned_to" in event.changes:
        assignee_id = event.new_value("assigned_to")
        if assignee_id is None:
            sentences.append(_("Ticket #%(number)s unassigned.") % number)
        elif str(assignee_id) == str(request.user.pk):
            sentences.append(_("Ticket #%(number)s assigned to you.") % number)
        else:
            name = format_value("assigned_to", assignee_id, user_names([event]))
            message = _("Ticket #%(number)s assigned to %(name)s.")
            sentences.append(message % {**number, "name": name})
    return " ".join(sentences)
