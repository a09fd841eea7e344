"""Creating and editing tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from help_desk.auth import policy
from help_desk.exceptions import TicketConflictError
from help_desk.forms import HelpDeskTicketCreateForm, HelpDeskTicketUpdateForm
from help_desk.models import HelpDeskTicket
from help_desk.services.flows.create import create_ticket
from help_desk.views.access import permission_required
from help_desk.views.conflict import build_conflict, read_submission
from help_desk.views.deleted import explain_deletion
from help_desk.views.mention_messages import warn_about_mentions
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
@permission_required("add")
def create_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Create a ticket: POST `purpose`, `priority` and `description`.

    With a `submission_token`, a form that is submitted twice creates one ticket.
    """
    form = HelpDeskTicketCreateForm(request.POST if request.method == "POST" else None)
    token = _submission_token(request)
    if form.is_bound and form.is_valid():
        try:
            result = create_ticket(
                HelpDeskTicket(),
                created_by=request.user,
                submission_token=token,
                enforce_limits=True,
                **form.cleaned_data,
            )
        except ValidationError as error:
            form.add_service_error(error)
            if form.has_error(NON_FIELD_ERRORS, "already_submitted"):
                token = None
        else:
            response = _created(request, result.ticket)
            warn_about_mentions(request, result)
            return response
    auth = request.help_desk_auth
    # Users who can only create tickets have no other page to go back to.
    default_url = default_redirect_url(auth) if auth.can_view_list() else ""
    context = {
        "form": form,
        "submission_token": token or uuid4(),
        "cancel_url": return_url(request) or default_url,
    }
    return render_page(request, "help_desk/ticket/create.html", context, section="create")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("change")
@explain_deletion
def update_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Edit a ticket: POST the fields, and `version`, the version that the form is based on."""
    tickets = HelpDeskTicket.objects.not_deleted().with_users()
    ticket = get_object_or_404(policy.with_version(tickets, request.user), pk=pk)
    submission = read_submission(request) if request.method == "POST" else None
    form = HelpDeskTicketUpdateForm(submission.data if submission else None, instance=ticket)
    template = "help_desk/ticket/update.html"
    context: dict[str, Any] = {
        "form": form,
        "ticket": ticket,
        "version": submission.base_version if submission else ticket.version or 0,
        "cancel_url": previous_page_url(request, ticket),
    }
    if submission and form.is_valid():
        try:
            ticket.services.update(
                request.user, base_version=submission.base_version, **form.cleaned_data
            )
        except TicketConflictError as error:
            template = "help_desk/ticket/conflict.html"
            context["conflict"] = build_conflict(error, form, submission)
        except ValidationError as error:
            form.add_service_error(error)
        else:
            return _saved(request, ticket, _("{ticket} saved."))
    return render_page(request, template, context, section="ticket")


def _submission_token(request: HelpDeskRequest) -> UUID | None:
    """Return the token of a submitted form; None if missing or invalid."""
    try:
        return UUID(request.POST.get("submission_token") or "")
    except ValueError:
        return None


def _created(request: HelpDeskRequest, ticket: HelpDeskTicket) -> HttpResponseBase:
    """Redirect as `_saved`, or to a confirmation for users who can only create tickets."""
    if return_url(request) or request.help_desk_auth.can_view_list():
        return _saved(request, ticket, _("{ticket} created."))
    kwargs = {"pk": ticket.pk}
    return HttpResponseRedirect(reverse("django_spire:help_desk:page:submitted", kwargs=kwargs))


def _saved(request: HelpDeskRequest, ticket: HelpDeskTicket, message: str) -> HttpResponseBase:
    """Redirect with a message that links to the ticket if the user may view it."""
    name = _("Ticket #%(number)s") % {"number": ticket.pk}
    if request.help_desk_auth.can_view_ticket(ticket):
        name = format_html('<a href="{}">{}</a>', ticket.get_absolute_url(), name)
    messages.success(request, format_html(message, ticket=name), fail_silently=True)
    return HttpResponseRedirect(return_url(request) or default_redirect_url(request.help_desk_auth))
