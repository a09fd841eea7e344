"""Pages that show tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_safe

from help_desk.auth import policy
from help_desk.forms import HelpDeskTicketFilterForm
from help_desk.views.access import forbidden, permission_required
from help_desk.views.page import paginate, render_page
from help_desk.views.ticket_page import find_ticket, render_ticket
from help_desk.views.ticket_rows import ticket_rows

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.models import HelpDeskTicket
    from help_desk.views.types import HelpDeskRequest


@require_safe
@permission_required("view")
def list_view(request: HelpDeskRequest) -> HttpResponseBase:
    """List the active tickets that the person may see, newest first.

    Args:
        request: May narrow by `q`, `status`, `priority`, `purpose`, `assignee` and choose a
            `page`.

    Returns:
        The page.
    """
    filters = HelpDeskTicketFilterForm(request.GET)
    auth = request.help_desk_auth
    visible = auth.visible_tickets().active()
    tickets = filters.narrow(visible, request.user).with_people().newest_first()
    if auth.can_change():
        tickets = tickets.with_version()
    page = paginate(tickets, request.GET.get("page"))
    here = request.get_full_path()
    context = {
        "filters": filters,
        "query": filters.query(),
        "here": here,
        "rows": ticket_rows(page, auth, here),
        "tickets": page,
    }
    return render_page(request, "help_desk/ticket/list.html", context, section="list")


@require_safe
@permission_required("view")
def detail_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Show a ticket with its history.

    Opening it reads what one was told of it, as in a mail program: whoever sees the
    ticket has nothing left to be told. No page that a browser fetches ahead counts.

    Args:
        request: May ask for the history `before` an event.
        pk: The ticket's number.

    Returns:
        The page; 403 for somebody else's ticket where one sees only one's own.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    ticket = find_ticket(request, pk)
    if not request.help_desk_auth.can_view_ticket(ticket):
        return forbidden(request, "view")
    if request.method == "GET" and not _is_fetched_ahead(request):
        _mark_as_read(request, ticket)
    return render_ticket(request, ticket)


def _is_fetched_ahead(request: HelpDeskRequest) -> bool:
    """Whether a browser fetches the page before anybody asked for it."""
    purpose = request.headers.get("Sec-Purpose") or request.headers.get("Purpose") or ""
    return "prefetch" in purpose


def _mark_as_read(request: HelpDeskRequest, ticket: HelpDeskTicket) -> None:
    unread = policy.inbox(request.user).about(ticket).unread()
    # Asked first, because on SQLite even an update of no row waits for other writers.
    if unread.exists():
        unread.mark_as_read()
