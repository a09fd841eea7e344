"""Pages on which tickets are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from help_desk.exceptions import TicketConflictError
from help_desk.forms import HelpDeskTicketCreateForm, HelpDeskTicketUpdateForm
from help_desk.models import HelpDeskTicket
from help_desk.services.flows.create import create_ticket
from help_desk.views.access import permission_required
from help_desk.views.conflict import dispute_over, read_choices
from help_desk.views.deleted import answer_posts_to_deleted
from help_desk.views.page import default_redirect_url, render_page, warn_of_unreached

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.access import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("add")
def create_view(request: HelpDeskRequest) -> HttpResponseBase:
    """File a ticket.

    Args:
        request: GET asks for the form; POST brings `purpose`, `priority`, `description`.

    Returns:
        The form, with what was typed and what is wrong with it; or a redirect.
    """
    form = HelpDeskTicketCreateForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            result = create_ticket(HelpDeskTicket(), created_by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_service_error(error)
        else:
            answer = _done(request, result.ticket, _("{ticket} was filed."))
            warn_of_unreached(request, result.unreached_mentions)
            return answer
    # For who may only file, there is nowhere else to go.
    auth = request.help_desk_auth
    cancel_url = default_redirect_url(auth) if auth.can_view_list() else ""
    context = {"form": form, "cancel_url": cancel_url}
    return render_page(request, "help_desk/ticket/create.html", context, section="create")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("change")
@answer_posts_to_deleted
def update_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Change a ticket.

    Args:
        request: GET asks for the form; POST brings `purpose`, `priority`, `status`,
            `description`, and by `version` which version of the ticket the person had
            before them.
        pk: The ticket's number.

    Returns:
        The form, with what was typed and what is wrong with it; a page on which to choose
        where somebody else has changed the same meanwhile; or a redirect.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    tickets = HelpDeskTicket.objects.not_deleted().with_people().with_version()
    ticket = get_object_or_404(tickets, pk=pk)
    sent = read_choices(request) if request.method == "POST" else None
    form = HelpDeskTicketUpdateForm(sent.data if sent else None, instance=ticket)
    context: dict[str, Any] = {
        "form": form,
        "ticket": ticket,
        "version": sent.base_version if sent else ticket.version or 0,
        "cancel_url": _after(request, ticket),
    }
    template = "help_desk/ticket/update.html"
    if sent and form.is_valid():
        try:
            ticket.services.update(
                request.user, base_version=sent.base_version, **form.cleaned_data
            )
        except TicketConflictError as error:
            template = "help_desk/ticket/conflict.html"
            context["dispute"] = dispute_over(ticket, error, sent)
        except ValidationError as error:
            form.add_service_error(error)
        else:
            return _done(request, ticket, _("{ticket} was saved."))
    return render_page(request, template, context, section="ticket")


def _after(request: HelpDeskRequest, ticket: HelpDeskTicket) -> str:
    """Find the page to leave a form for without saving."""
    if request.help_desk_auth.can_view_ticket(ticket):
        return reverse("django_spire:help_desk:page:detail", kwargs={"pk": ticket.pk})
    return default_redirect_url(request.help_desk_auth)


def _done(request: HelpDeskRequest, ticket: HelpDeskTicket, sentence: str) -> HttpResponseBase:
    """Say what was done, with a link for who may follow it, and go to the list."""
    name = _("Ticket #%(number)s") % {"number": ticket.pk}
    if request.help_desk_auth.can_view_ticket(ticket):
        url = reverse("django_spire:help_desk:page:detail", kwargs={"pk": ticket.pk})
        name = format_html('<a href="{}">{}</a>', url, name)
    messages.success(request, format_html(sentence, ticket=name), fail_silently=True)
    return HttpResponseRedirect(default_redirect_url(request.help_desk_auth))
