"""Assigning a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from help_desk.forms.assignment import AssignForm
from help_desk.views.access import permission_required
from help_desk.views.field_change import save_field
from help_desk.views.page import previous_page_url, render_page, return_url
from help_desk.views.ticket_page import assignable_users, find_ticket

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("change")
def assign_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Assign a ticket or unassign it, and return to the page that the user came from."""
    ticket = find_ticket(request, pk)
    form = AssignForm(
        request.POST if request.method == "POST" else None,
        ticket=ticket,
        assignable=assignable_users(ticket),
        user=request.user,
    )
    if form.is_valid():
        try:
            save_field(request, ticket, "assigned_to", form.new_assignee)
        except ValidationError:
            form.add_invalid_assignee_error()
        else:
            return HttpResponseRedirect(previous_page_url(request, ticket))
    context = {
        "assignment": form,
        "cancel_url": previous_page_url(request, ticket),
        "may_view": request.help_desk_auth.can_view_ticket(ticket),
        "return_url": return_url(request),
        "ticket": ticket,
        "version": ticket.version or 0,
    }
    return render_page(request, "help_desk/ticket/assign.html", context, section="ticket")
