"""Assignment and status changes through the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketEvent
from tests.support.notifications import history, notified

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

FIELDS = {"purpose": "app", "priority": "high", "description": "The dashboard hangs."}


def test_assignee_and_creator_are_notified_of_an_assignment(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    event = ticket.services.assign(agent, actor=manager)
    assert notified() == {agent, reporter}
    assert ticket.assigned_to == agent
    assert event == ticket.events.latest("pk")
    assert list(event.changes) == ["assigned_to"]
    assert [event.actor, str(event.changes["assigned_to"][1])] == [manager, str(agent.pk)]


def test_user_who_assigns_a_ticket_to_themselves_is_not_notified(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.assign(agent, actor=agent)
    assert notified() == {reporter}


def test_previous_assignee_is_notified_of_reassignment(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.assign(agent, actor=agent)
    ticket.services.assign(manager, actor=manager)
    assert notified() == {agent, reporter}


def test_unassigning_clears_the_assignee_and_notifies_them(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    ticket.services.assign(agent, actor=agent)
    ticket.services.assign(None, actor=manager)
    assert HelpDeskTicket.objects.get().assigned_to is None
    assert agent in notified()


def inactive(agent: Any) -> Any:
    agent.is_active = False
    agent.save()
    return agent


def unsaved(agent: Any) -> Any:
    return get_user_model()()


@pytest.mark.parametrize(
    "make", [inactive, unsaved, lambda agent: agent.pk], ids=["inactive", "unsaved", "id"]
)
@pytest.mark.parametrize("method", ["assign", "update", "create", "save_model_obj"])
def test_only_active_users_with_the_change_permission_can_be_assigned(
    ticket: HelpDeskTicket, agent: Any, manager: Any, make: Callable[[Any], Any], method: str
) -> None:
    assignee = make(agent)
    calls: dict[str, Callable[[], object]] = {
        "assign": lambda: ticket.services.assign(assignee, actor=manager),
        "update": lambda: ticket.services.update(manager, assigned_to=assignee),
        "create": lambda: HelpDeskTicket.services.create(manager, **FIELDS, assigned_to=assignee),
        "save_model_obj": lambda: ticket.services.save_model_obj(assigned_to=assignee),
    }
    with pytest.raises(ValidationError) as caught:
        calls[method]()
    assert [error.code for error in caught.value.error_dict["assigned_to"]] == ["invalid_assignee"]
    assert HelpDeskTicket.objects.get().assigned_to is None
    assert TicketEvent.objects.count() == 1


def test_assignee_is_validated_even_if_the_instance_already_has_it(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.assigned_to = reporter  # as a ModelForm does
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(agent, assigned_to=reporter)
    assert set(caught.value.message_dict) == {"assigned_to"}
    assert HelpDeskTicket.objects.get().assigned_to is None


def test_assignee_who_lost_the_permission_does_not_block_other_changes(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    ticket.services.assign(agent, actor=manager)
    agent.user_permissions.clear()
    ticket.services.update(manager, assigned_to=agent, priority="low")
    assert (ticket.assigned_to, ticket.priority) == (agent, "low")


@pytest.mark.parametrize("by_field", [True, False], ids=["field", "instance"])
def test_assignee_of_a_new_ticket_is_notified_by_a_separate_event(
    reporter: Any, agent: Any, manager: Any, *, by_field: bool
) -> None:
    if by_field:
        ticket = HelpDeskTicket.services.create(reporter, **FIELDS, assigned_to=agent)
    else:
        ticket = HelpDeskTicket(assigned_to=agent).services.create(reporter, **FIELDS)
    new, assigned = ticket.events.oldest_first()
    assert (new.type, assigned.type) == (TicketEventType.NEW, TicketEventType.UPDATE)
    assert manager in notified(event=new)
    assert notified(event=assigned) == {agent}
    assert HelpDeskTicket.objects.get().assigned_to == agent


def test_failed_create_keeps_the_assignee_on_the_instance(
    reporter: Any, agent: Any, settings: Any
) -> None:
    ticket = HelpDeskTicket(assigned_to=agent)
    settings.ADMINS = [object()]
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": ["no.such.Channel"]}
    with pytest.raises(ImportError):
        ticket.services.create(reporter, **FIELDS)
    assert (ticket.pk, ticket.assigned_to) == (None, agent)
    assert not HelpDeskTicket.objects.exists()


def test_direct_save_of_a_new_ticket_records_the_assignee(reporter: Any, agent: Any) -> None:
    ticket = HelpDeskTicket.objects.create(created_by=reporter, **FIELDS, assigned_to=agent)
    (changes,) = history(ticket)
    assert [str(value) for value in changes["assigned_to"]] == ["None", str(agent.pk)]


@pytest.mark.parametrize("setting", [True, False], ids=["on", "off"])
@pytest.mark.parametrize(
    "start",
    [
        lambda ticket, actor: ticket.services.start(actor),
        lambda ticket, actor: ticket.services.update(actor, status="prog"),
        lambda ticket, actor: ticket.services.comment(actor, "On it.", status="prog"),
    ],
    ids=["start", "update", "comment"],
)
def test_starting_assigns_the_ticket_if_the_setting_is_on(
    ticket: HelpDeskTicket,
    agent: Any,
    settings: Any,
    start: Callable[[HelpDeskTicket, Any], object],
    *,
    setting: bool,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "ASSIGN_ON_START": setting}
    start(ticket, agent)
    assert ticket.status == "prog"
    assert ticket.assigned_to == (agent if setting else None)


def test_starting_assigns_only_unassigned_tickets_and_permitted_users(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "ASSIGN_ON_START": True}
    ticket.services.start(reporter)
    assert ticket.assigned_to is None
    ticket.services.start(agent)  # already in progress
    assert ticket.assigned_to is None
    ticket.services.reopen(agent)
    ticket.services.start(agent)
    ticket.services.reopen(manager)
    ticket.services.start(manager)
    assert ticket.assigned_to == agent


@pytest.mark.parametrize(
    "act",
    [
        lambda ticket, actor: ticket.services.assign(actor, actor=actor),
        lambda ticket, actor: ticket.services.start(actor),
        lambda ticket, actor: ticket.services.complete(actor),
        lambda ticket, actor: ticket.services.reopen(actor),
        lambda ticket, actor: ticket.services.update(actor, priority="low"),
    ],
    ids=["assign", "start", "complete", "reopen", "update"],
)
def test_deleted_ticket_cannot_be_changed(
    ticket: HelpDeskTicket, agent: Any, act: Callable[[HelpDeskTicket, Any], object]
) -> None:
    ticket.services.delete(agent)
    with pytest.raises(ValidationError) as caught:
        act(ticket, agent)
    assert caught.value.code == "deleted"
    assert len(history(ticket)) == 2


@pytest.mark.parametrize("method", ["start", "complete"])
def test_setting_the_same_status_again_returns_no_event(
    ticket: HelpDeskTicket, agent: Any, method: str
) -> None:
    assert getattr(ticket.services, method)(agent) is not None
    assert getattr(ticket.services, method)(agent) is None
    assert len(history(ticket)) == 2


def test_unsaved_ticket_cannot_be_assigned(agent: Any) -> None:
    with pytest.raises(HelpDeskTicket.DoesNotExist):
        HelpDeskTicket().services.assign(agent, actor=agent)


def test_change_of_a_started_ticket_does_not_assign_it(
    make_ticket: Callable[..., HelpDeskTicket], agent: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "ASSIGN_ON_START": True}
    ticket = make_ticket(status="prog")
    ticket.services.update(agent, priority="urge")
    assert HelpDeskTicket.objects.get(pk=ticket.pk).assigned_to is None
