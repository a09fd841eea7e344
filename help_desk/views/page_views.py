"""The pages that show tickets, and the one that deletes a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from help_desk.auth import policy
from help_desk.forms import HelpDeskTicketFilterForm
from help_desk.models import HelpDeskTicket
from help_desk.views.access import forbidden, permission_required
from help_desk.views.page import default_redirect_url, paginate, render_page, return_url
from help_desk.views.ticket_page import find_ticket, render_ticket
from help_desk.views.ticket_rows import ticket_rows

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest


@require_safe
@permission_required("view")
def list_view(request: HelpDeskRequest) -> HttpResponseBase:
    """List the active tickets that the user may see, newest first."""
    auth = request.help_desk_auth
    filters = HelpDeskTicketFilterForm(request.GET)
    tickets = filters.apply(auth.visible_tickets().active(), request.user)
    tickets = tickets.with_people().newest_first()
    if auth.can_change():
        tickets = tickets.with_version()
    page = paginate(tickets, request.GET.get("page"))
    current_url = request.get_full_path()
    context = {
        "tickets": list(page),
        "page": page,
        "rows": ticket_rows(page, auth, current_url),
        "filters": filters,
        "query": filters.query(),
        "current_url": current_url,
    }
    return render_page(request, "help_desk/ticket/list.html", context, section="list")


@require_safe
@permission_required("view")
def detail_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Show a ticket with its timeline, and mark the user's notifications about it as read."""
    ticket = find_ticket(request, pk)
    if not request.help_desk_auth.can_view_ticket(ticket):
        return forbidden(request, "view")
    if request.method == "GET" and not _is_prefetch(request):
        _mark_as_read(request, ticket)
    return render_ticket(request, ticket)


def _is_prefetch(request: HelpDeskRequest) -> bool:
    """Whether a browser requests the page before the user does."""
    purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose") or ""
    return "prefetch" in purpose


def _mark_as_read(request: HelpDeskRequest, ticket: HelpDeskTicket) -> None:
    unread = policy.inbox(request.user).about(ticket).unread()
    # On SQLite even an update of no rows waits for other writers.
    if unread.exists():
        unread.mark_as_read()


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("delete")
def delete_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Ask whether to delete a ticket, and do so when `should_delete` is posted.

    Args:
        request: May say by `return_url` where to go afterwards, within the site.
        pk: The ticket's number.

    Returns:
        The question, or a redirect once the ticket is deleted.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    ticket = get_object_or_404(HelpDeskTicket.objects.not_deleted().with_people(), pk=pk)
    back = return_url(request)
    if request.method == "POST":
        if request.POST.get("should_delete"):
            return _delete(request, ticket, back)
        messages.warning(
            request,
            _("Nothing was deleted. Use the button if you want to delete the ticket."),
            fail_silently=True,
        )
    may_view = request.help_desk_auth.can_view_ticket(ticket)
    own_page = reverse("django_spire:help_desk:page:detail", kwargs={"pk": pk})
    fallback = own_page if may_view else default_redirect_url(request.help_desk_auth)
    context = {
        "ticket": ticket,
        "may_view": may_view,
        "return_url": back,
        "cancel_url": back or fallback,
    }
    return render_page(request, "help_desk/ticket/delete.html", context, section="ticket")


def _delete(request: HelpDeskRequest, ticket: HelpDeskTicket, back: str) -> HttpResponseBase:
    ticket.services.delete(actor=request.user)
    messages.success(
        request, _("Ticket #%(number)s was deleted.") % {"number": ticket.pk}, fail_silently=True
    )
    if not back or urlsplit(back).path in _pages_of(ticket):
        return HttpResponseRedirect(default_redirect_url(request.help_desk_auth))
    return HttpResponseRedirect(back)


def _pages_of(ticket: HelpDeskTicket) -> set[str]:
    """Collect the pages that vanish with a ticket."""
    names = ("page:detail", "page:delete", "form:update")
    return {reverse(f"django_spire:help_desk:{name}", kwargs={"pk": ticket.pk}) for name in names}
