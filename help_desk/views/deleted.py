"""The page for changes to a ticket that was deleted while the user was editing."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404

from help_desk.models import HelpDeskTicket
from help_desk.views.page import render_page

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest, View


def explain_deletion(view: View) -> View:
    """Respond to a POST for a deleted ticket with a page that explains the deletion.

    The status stays 404. Users who could not view the ticket get the default page.
    """

    @wraps(view)
    def wrapper(request: HelpDeskRequest, pk: int, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, pk, **kwargs)
        except Http404:
            deleted = HelpDeskTicket.objects.deleted().with_users().filter(pk=pk).first()
            if request.method != "POST" or deleted is None:
                raise
            if not request.help_desk_auth.can_view_ticket(deleted):
                raise
        context = {"number": pk}
        return render_page(request, "help_desk/ticket/deleted.html", context, status=404)

    return wrapper
