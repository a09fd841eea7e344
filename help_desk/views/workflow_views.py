"""Working on a ticket by single clicks: status and assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from help_desk.content.wording import display_name, format_value, user_names
from help_desk.exceptions import TicketConflictError
from help_desk.forms.assignment import AssignForm, StatusForm
from help_desk.views.access import permission_required
from help_desk.views.page import (
    base_version,
    default_redirect_url,
    render_page,
    return_url,
    ticket_url,
)
from help_desk.views.ticket_page import find_ticket, people_for
from help_desk.views.too_large import answer_too_large_posts

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.models import HelpDeskTicket
    from help_desk.views.access import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("change")
@answer_too_large_posts
def status_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Set a ticket's status by one click.

    Args:
        request: A POST brings `status` and the `version` of the ticket that the person
            had before them, and may say by `return_url` where to go afterwards.
        pk: The ticket's number.

    Returns:
        A redirect to where the person was.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    ticket = find_ticket(request, pk)
    form = StatusForm(request.POST)
    if request.method == "POST" and form.is_valid():
        status = form.cleaned_data["status"]
        _change(request, ticket, {"status": status})
    return HttpResponseRedirect(_back(request, ticket))


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("change")
@answer_too_large_posts
def assign_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Take a ticket, give it to somebody, or release it.

    Args:
        request: GET asks for the form; a POST says by `action` what to do (`take`, `give`,
            `release`), by `person` to whom to give it, by `version` which version of the
            ticket the person had before them, and perhaps by `return_url` where to go
            afterwards.
        pk: The ticket's number.

    Returns:
        A redirect to where the person was; or the form, with what was typed and what is
        wrong with it.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    ticket = find_ticket(request, pk)
    able = people_for(ticket).able
    data = request.POST if request.method == "POST" else None
    form = AssignForm(data, ticket=ticket, able=able, taker=request.user)
    if form.is_bound and form.is_valid():
        try:
            _change(request, ticket, {"assigned_to": form.cleaned_data["assigned_to"]})
        except ValidationError:
            form.refuse_person()
        else:
            return HttpResponseRedirect(_back(request, ticket))
    context = {
        "assignment": form,
        "cancel_url": _back(request, ticket),
        "may_view": request.help_desk_auth.can_view_ticket(ticket),
        "return_url": return_url(request),
        "ticket": ticket,
        "version": ticket.version or 0,
    }
    return render_page(request, "help_desk/ticket/assign.html", context, section="ticket")


def _change(request: HelpDeskRequest, ticket: HelpDeskTicket, fields: dict[str, object]) -> None:
    """Change one field, unless somebody else has changed it meanwhile; say what became."""
    try:
        event = ticket.services.update(request.user, base_version=base_version(request), **fields)
    except TicketConflictError as error:
        (conflict,) = error.conflicts
        now = conflict.current
        value = display_name(now) if hasattr(now, "pk") else format_value(conflict.field, now)
        text = _("Nothing was changed: somebody else was faster. %(news)s") % {
            "news": _news(ticket, conflict.field, value, is_nobody=now is None)
        }
        messages.warning(request, text, fail_silently=True)
        return
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            raise
        raise Http404 from error  # it was deleted in this very moment
    if event is None:
        return
    people = user_names([event])
    news = [
        _news(ticket, field, format_value(field, new, people), is_nobody=new is None)
        for field, (_old, new) in event.changes.items()
    ]
    messages.success(request, " ".join(news), fail_silently=True)


def _news(ticket: HelpDeskTicket, field: str, value: str, *, is_nobody: bool) -> str:
    """Say in a sentence what a field of the ticket says now."""
    words = {"ticket": ticket, "value": value}
    if field != "assigned_to":
        return _("%(ticket)s is now: %(value)s.") % words
    if is_nobody:
        return _("Nobody has %(ticket)s now.") % words
    return _("%(value)s has %(ticket)s now.") % words


def _back(request: HelpDeskRequest, ticket: HelpDeskTicket) -> str:
    """Find the page that the person came from."""
    if url := return_url(request):
        return url
    auth = request.help_desk_auth
    return ticket_url(ticket) if auth.can_view_ticket(ticket) else default_redirect_url(auth)
