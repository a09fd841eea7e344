"""Pages that show tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from help_desk.auth import policy
from help_desk.forms import HelpDeskTicketFilterForm
from help_desk.models import HelpDeskTicket
from help_desk.views.access import forbidden, permission_required
from help_desk.views.page import default_redirect_url, paginate, render_page
from help_desk.views.ticket_page import find_ticket, render_ticket
from help_desk.views.ticket_rows import ticket_rows

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest


@require_safe
@permission_required(None)
def index_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Redirect to the first page that the user may open."""
    return HttpResponseRedirect(default_redirect_url(request.help_desk_auth))


@require_safe
@permission_required("view")
def list_view(request: HelpDeskRequest) -> HttpResponseBase:
    """List the active tickets that the user may see, newest first."""
    auth = request.help_desk_auth
    filters = HelpDeskTicketFilterForm(request.GET)
    tickets = filters.apply(auth.visible_tickets().active(), request.user)
    tickets = tickets.with_users().newest_first()
    if auth.can_change():
        tickets = policy.with_version(tickets, request.user)
    page = paginate(tickets, request.GET.get("page"))
    current_url = request.get_full_path()
    context = {
        "tickets": page.object_list,
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
    unread_count = None
    if request.method == "GET" and not _is_prefetch(request):
        unread_count = _mark_as_read(request, ticket)
    return render_ticket(request, ticket, unread_count=unread_count)


@require_safe
@permission_required(None)
def submitted_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Confirm a ticket to its creator, who may have no permission to view it."""
    tickets = HelpDeskTicket.objects.not_deleted()
    ticket = get_object_or_404(tickets, pk=pk, created_by_id=request.user.pk)
    may_view = request.help_desk_auth.can_view_ticket(ticket)
    # The page shows nothing else of the ticket: others may have changed it since.
    context = {"number": pk, "ticket_url": ticket.get_absolute_url() if may_view else ""}
    return render_page(request, "help_desk/ticket/submitted.html", context)


def _is_prefetch(request: HelpDeskRequest) -> bool:
    """Whether a browser requests the page before the user does."""
    purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose") or ""
    return "prefetch" in purpose


def _mark_as_read(request: HelpDeskRequest, ticket: HelpDeskTicket) -> int:
    """Mark the notifications about a ticket as read; return how many others are unread."""
    ticket_ids = policy.unread_ticket_ids(request.user)
    if ticket.pk in ticket_ids or len(ticket_ids) == policy.UNREAD_MAX:
        unread = policy.inbox(request.user).about(ticket).unread()
        # On SQLite even an update of no rows waits for other writers.
        if unread.exists() and unread.try_to_mark_as_read():
            return policy.unread_count(request.user)
    return len(ticket_ids)
