"""Changing a ticket's status with one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from help_desk.forms.assignment import StatusForm
from help_desk.views.access import permission_required
from help_desk.views.field_change import save_field
from help_desk.views.page import previous_page_url
from help_desk.views.ticket_page import find_ticket

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("change")
def status_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Change the status, and return to the page that the user came from."""
    ticket = find_ticket(request, pk)
    form = StatusForm(request.POST)
    if request.method == "POST" and form.is_valid():
        save_field(request, ticket, "status", form.cleaned_data["status"])
    return HttpResponseRedirect(previous_page_url(request, ticket))
