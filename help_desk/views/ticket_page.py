"""A ticket's page, which several views render."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from help_desk.auth import policy
from help_desk.auth.holders import users_with
from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.forms import assignment
from help_desk.forms.assignment import AssignForm
from help_desk.forms.comment import ReplyForm
from help_desk.models import HelpDeskTicket
from help_desk.services.flows.locking import database_of
from help_desk.views.page import render_page
from help_desk.views.timeline import build_timeline

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponseBase
    from django.utils.functional import _StrPromise

    from help_desk.views.types import HelpDeskRequest


class Step(NamedTuple):
    """A status that the ticket can get with one click."""

    status: str
    label: _StrPromise


_READY = HelpDeskTicketStatusChoices.READY
_INPROGRESS = HelpDeskTicketStatusChoices.INPROGRESS
_DONE = HelpDeskTicketStatusChoices.DONE

STEPS: dict[str, tuple[Step, ...]] = {
    _READY: (Step(_INPROGRESS, _("Start")), Step(_DONE, _("Mark as done"))),
    _INPROGRESS: (Step(_DONE, _("Mark as done")), Step(_READY, _("Move back to ready"))),
    _DONE: (Step(_READY, _("Reopen")),),
}
"""Status to the next steps; the first is the usual one."""


def find_ticket(request: HelpDeskRequest, pk: int) -> HelpDeskTicket:
    """Return a ticket with everything that its page shows; raise Http404 if it was deleted."""
    tickets = HelpDeskTicket.objects.not_deleted().with_users()
    tickets = policy.with_version(tickets.with_subscription_for(request.user), request.user)
    return get_object_or_404(tickets, pk=pk)


def assignable_users(ticket: HelpDeskTicket) -> list[User] | None:
    """Return the users who can be assigned a ticket; None if they are too many for a select."""
    limit = assignment.MAX_CHOICES
    users = users_with(policy.permission("change"), database_of(ticket), limit=limit + 1)
    return users if len(users) <= limit else None


def render_ticket(
    request: HelpDeskRequest,
    ticket: HelpDeskTicket,
    *,
    reply: ReplyForm | None = None,
    unread_count: int | None = None,
) -> HttpResponseBase:
    """Return the page of a ticket that `find_ticket` found, with an invalid reply if any."""
    auth, user = request.help_desk_auth, request.user
    assignable, assignment_form = None, None
    if auth.can_change():
        assignable = assignable_users(ticket)
        assignment_form = AssignForm(ticket=ticket, assignable=assignable, user=user)
    timeline = build_timeline(
        ticket,
        auth.visible_events().filter(ticket=ticket),
        user,
        before=request.GET.get("before"),
        known_users=assignable or (),
    )
    context = {
        "ticket": ticket,
        "version": ticket.version or 0,
        "timeline": timeline,
        "reply": reply or ReplyForm(ticket=ticket, can_see_internal=auth.can_see_internal()),
        "assignment": assignment_form,
        "steps": STEPS.get(ticket.status, ()),
        "is_following": _is_following(ticket, user),
    }
    template = "help_desk/ticket/detail.html"
    return render_page(request, template, context, section="ticket", unread_count=unread_count)


def _is_following(ticket: HelpDeskTicket, user: User) -> bool:
    """Whether the user is notified, by choice or as the creator or the assignee."""
    if ticket.is_muted is not None:
        return not ticket.is_muted
    return user.pk in {ticket.created_by_id, ticket.assigned_to_id}
