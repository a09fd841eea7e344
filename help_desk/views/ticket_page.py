"""A ticket's own page, which several views draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.content.wording import display_name, user_ids_in
from help_desk.forms import assignment as work_forms
from help_desk.forms.assignment import AssignForm
from help_desk.forms.comment import ReplyForm
from help_desk.models import HelpDeskTicket
from help_desk.views.page import render_page
from help_desk.views.timeline import read_timeline, tell

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import User
    from django.http import HttpResponseBase
    from django.utils.functional import _StrPromise

    from help_desk.views.access import HelpDeskRequest


class Step(NamedTuple):
    """A status that one click leads to.

    Attributes:
        status: The status.
        label: What the button says.
    """

    status: str
    label: _StrPromise


_READY = HelpDeskTicketStatusChoices.READY
_INPROGRESS = HelpDeskTicketStatusChoices.INPROGRESS
_DONE = HelpDeskTicketStatusChoices.DONE

STEPS: dict[str, tuple[Step, ...]] = {
    _READY: (Step(_INPROGRESS, _("Start")), Step(_DONE, _("Set done"))),
    _INPROGRESS: (Step(_DONE, _("Set done")), Step(_READY, _("Back to ready"))),
    _DONE: (Step(_READY, _("Reopen")),),
}
"""Status to the steps that lead on from it; the first is the usual one."""


def find_ticket(request: HelpDeskRequest, pk: int) -> HelpDeskTicket:
    """Find a ticket with all that its page shows of it.

    Args:
        request: Whose sender reads it.
        pk: Its number.

    Returns:
        The ticket, with its people, its version and what the reader wishes to hear.

    Raises:
        Http404: There is no such ticket, or it was deleted.
    """
    tickets = HelpDeskTicket.objects.not_deleted().with_people()
    return get_object_or_404(tickets.with_version().with_subscription_for(request.user), pk=pk)


class People(NamedTuple):
    """Accounts that a page names.

    Attributes:
        able: Those who may have a ticket; None where there are too many for a list.
        found: All that were looked up.
    """

    able: list[User] | None
    found: list[User]


def people_for(ticket: HelpDeskTicket, named: Collection[str] = ()) -> People:
    """Find the people who may have a ticket, and those whom a page names, in one go.

    Args:
        ticket: The ticket.
        named: Keys of the accounts that the page names.

    Returns:
        The accounts.
    """
    using = ticket._state.db or DEFAULT_DB_ALIAS
    able = holders(policy.permission("change"), using)
    is_short = len(able) <= work_forms.MAX_CHOICES
    wanted = {*named, *map(str, able)} if is_short else {*named}
    found = list(get_user_model()._default_manager.using(using).filter(pk__in=wanted))
    return People(
        able=[account for account in found if account.pk in able] if is_short else None,
        found=found,
    )


def render_ticket(
    request: HelpDeskRequest,
    ticket: HelpDeskTicket,
    *,
    reply: ReplyForm | None = None,
) -> HttpResponseBase:
    """Draw a ticket's page.

    Args:
        request: Whose sender may see the ticket.
        ticket: What `find_ticket` found.
        reply: The form for a reply, if something is wrong with what was typed there.

    Returns:
        The page.
    """
    auth = request.help_desk_auth
    events = auth.visible_events().filter(ticket=ticket)
    stretch = read_timeline(events, request.GET.get("before"))
    named = user_ids_in(stretch.events)
    if auth.can_change():
        able, found = people_for(ticket, named)
        assignment = AssignForm(ticket=ticket, able=able, taker=request.user)
    else:
        assignment = None
        found = list(get_user_model()._default_manager.filter(pk__in=named)) if named else []
    people = {str(account.pk): display_name(account) for account in found}
    context = {
        "ticket": ticket,
        "version": ticket.version or 0,
        "history": tell(stretch, ticket, request.user, people),
        "reply": reply or ReplyForm(ticket=ticket, can_see_internal=auth.can_see_internal()),
        "assignment": assignment,
        "steps": STEPS.get(ticket.status, ()),
        "hears": _hears(ticket, request.user),
    }
    return render_page(request, "help_desk/ticket/detail.html", context, section="ticket")


def _hears(ticket: HelpDeskTicket, reader: User) -> bool:
    """Whether the reader hears of what happens, by a wish or as creator or assignee."""
    if ticket.is_muted is not None:
        return not ticket.is_muted
    return reader.pk in {ticket.created_by_id, ticket.assigned_to_id}
