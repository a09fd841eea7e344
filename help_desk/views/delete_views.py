"""Deleting tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from help_desk.models import HelpDeskTicket
from help_desk.views.access import permission_required
from help_desk.views.page import (
    default_redirect_url,
    previous_page_url,
    render_page,
    return_url,
)

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("delete")
def delete_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Ask for confirmation; delete the ticket if `should_delete` is posted."""
    ticket = get_object_or_404(HelpDeskTicket.objects.not_deleted().with_users(), pk=pk)
    if request.method == "POST":
        if request.POST.get("should_delete"):
            return _delete(request, ticket)
        messages.warning(
            request,
            _("Nothing was deleted. Use the button to delete the ticket."),
            fail_silently=True,
        )
    context = {
        "ticket": ticket,
        "may_view": request.help_desk_auth.can_view_ticket(ticket),
        "return_url": return_url(request),
        "cancel_url": previous_page_url(request, ticket),
    }
    return render_page(request, "help_desk/ticket/delete.html", context, section="ticket")


def _delete(request: HelpDeskRequest, ticket: HelpDeskTicket) -> HttpResponseBase:
    ticket.services.delete(actor=request.user)
    messages.success(
        request, _("Ticket #%(number)s deleted.") % {"number": ticket.pk}, fail_silently=True
    )
    url = return_url(request)
    if urlsplit(url).path in _urls_of(ticket):
        url = ""
    return HttpResponseRedirect(url or default_redirect_url(request.help_desk_auth))


def _urls_of(ticket: HelpDeskTicket) -> set[str]:
    """Return the URLs of the pages that are gone once the ticket is deleted."""
    names = ("page:detail", "page:delete", "form:update")
    return {reverse(f"django_spire:help_desk:{name}", kwargs={"pk": ticket.pk}) for name in names}
