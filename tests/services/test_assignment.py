"""Who has a ticket, and how far it is, through the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketEvent
from tests.support.telling import history, told

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

FIELDS = {"purpose": "app", "priority": "high", "description": "The dashboard hangs."}


def test_assignee_is_told_and_so_is_the_creator(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    assert ticket.services.assign(agent, actor=manager) is ticket
    assert told() == {agent, reporter}
    assert ticket.assigned_to == agent
    event = ticket.events.latest("pk")
    assert list(event.changes) == ["assigned_to"]
    assert [event.actor, str(event.changes["assigned_to"][1])] == [manager, str(agent.pk)]


def test_whoever_takes_a_ticket_is_not_told_so(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.assign(agent, actor=agent)
    assert told() == {reporter}


def test_whoever_had_it_is_told_that_somebody_else_has(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.assign(agent, actor=agent)
    ticket.services.assign(manager, actor=manager)
    assert told() == {agent, reporter}


def test_released_ticket_has_nobody(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    ticket.services.assign(agent, actor=agent)
    ticket.services.assign(None, actor=manager)
    assert HelpDeskTicket.objects.get().assigned_to is None
    assert agent in told()


def inactive(agent: Any) -> Any:
    agent.is_active = False
    agent.save()
    return agent


def unsaved(agent: Any) -> Any:
    return get_user_model()()


@pytest.mark.parametrize(
    "make", [inactive, unsaved, lambda agent: agent.pk], ids=["inactive", "unsaved", "key"]
)
@pytest.mark.parametrize("way", ["assign", "update", "create", "save_model_obj"])
def test_only_active_holders_of_the_change_permission_are_given_tickets(
    ticket: HelpDeskTicket, agent: Any, manager: Any, make: Callable[[Any], Any], way: str
) -> None:
    to = make(agent)
    ways: dict[str, Callable[[], object]] = {
        "assign": lambda: ticket.services.assign(to, actor=manager),
        "update": lambda: ticket.services.update(manager, assigned_to=to),
        "create": lambda: HelpDeskTicket.services.create(manager, **FIELDS, assigned_to=to),
        "save_model_obj": lambda: ticket.services.save_model_obj(assigned_to=to),
    }
    with pytest.raises(ValidationError) as caught:
        ways[way]()
    assert [error.code for error in caught.value.error_dict["assigned_to"]] == ["invalid_assignee"]
    assert HelpDeskTicket.objects.get().assigned_to is None
    assert TicketEvent.objects.count() == 1


def test_assignee_must_be_able_to_work_whatever_the_instance_says(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.assigned_to = reporter  # as a form does
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(agent, assigned_to=reporter)
    assert set(caught.value.message_dict) == {"assigned_to"}
    assert HelpDeskTicket.objects.get().assigned_to is None


def test_assignee_who_lost_the_permission_stays_until_somebody_else_is_chosen(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    ticket.services.assign(agent, actor=manager)
    agent.user_permissions.clear()
    ticket.services.update(manager, assigned_to=agent, priority="low")
    assert (ticket.assigned_to, ticket.priority) == (agent, "low")


@pytest.mark.parametrize("by_field", [True, False], ids=["field", "instance"])
def test_whoever_is_given_a_new_ticket_hears_of_it(
    reporter: Any, agent: Any, manager: Any, *, by_field: bool
) -> None:
    if by_field:
        ticket = HelpDeskTicket.services.create(reporter, **FIELDS, assigned_to=agent)
    else:
        ticket = HelpDeskTicket(assigned_to=agent).services.create(reporter, **FIELDS)
    new, assigned = ticket.events.oldest_first()
    assert (new.type, assigned.type) == (TicketEventType.NEW, TicketEventType.UPDATE)
    assert manager in told(event=new)
    assert told(event=assigned) == {agent}
    assert HelpDeskTicket.objects.get().assigned_to == agent


def test_assignee_of_a_ticket_that_could_not_be_filed_stays_on_the_instance(
    reporter: Any, agent: Any, settings: Any
) -> None:
    ticket = HelpDeskTicket(assigned_to=agent)
    settings.ADMINS = [object()]
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": ["no.such.Channel"]}
    with pytest.raises(ImportError):
        ticket.services.create(reporter, **FIELDS)
    assert (ticket.pk, ticket.assigned_to) == (None, agent)
    assert not HelpDeskTicket.objects.exists()


def test_direct_save_of_a_new_ticket_says_who_has_it(reporter: Any, agent: Any) -> None:
    ticket = HelpDeskTicket.objects.create(created_by=reporter, **FIELDS, assigned_to=agent)
    (said,) = history(ticket)
    assert [str(value) for value in said["assigned_to"]] == ["None", str(agent.pk)]


@pytest.mark.parametrize("setting", [True, False], ids=["on", "off"])
@pytest.mark.parametrize(
    "start",
    [
        lambda ticket, by: ticket.services.start(by),
        lambda ticket, by: ticket.services.update(by, status="prog"),
        lambda ticket, by: ticket.services.comment(by, "On it.", status="prog"),
    ],
    ids=["start", "update", "comment"],
)
def test_starting_may_assign(
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


def test_starting_assigns_neither_twice_nor_to_who_may_not_work(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "ASSIGN_ON_START": True}
    ticket.services.start(reporter)
    assert ticket.assigned_to is None
    ticket.services.start(agent)  # it is in progress already
    assert ticket.assigned_to is None
    ticket.services.reopen(agent)
    ticket.services.start(agent)
    ticket.services.reopen(manager)
    ticket.services.start(manager)
    assert ticket.assigned_to == agent


@pytest.mark.parametrize(
    "act",
    [
        lambda ticket, by: ticket.services.assign(by, by),
        lambda ticket, by: ticket.services.start(by),
        lambda ticket, by: ticket.services.complete(by),
        lambda ticket, by: ticket.services.reopen(by),
        lambda ticket, by: ticket.services.update(by, priority="low"),
    ],
    ids=["assign", "start", "complete", "reopen", "update"],
)
def test_nothing_is_done_to_a_deleted_ticket(
    ticket: HelpDeskTicket, agent: Any, act: Callable[[HelpDeskTicket, Any], object]
) -> None:
    ticket.services.delete(agent)
    with pytest.raises(ValidationError) as caught:
        act(ticket, agent)
    assert caught.value.code == "deleted"
    assert len(history(ticket)) == 2


@pytest.mark.parametrize("method", ["start", "complete"])
def test_doing_it_twice_is_doing_it_once(ticket: HelpDeskTicket, agent: Any, method: str) -> None:
    for _time in range(2):
        getattr(ticket.services, method)(agent)
    assert len(history(ticket)) == 2


def test_unsaved_ticket_is_no_ticket(agent: Any) -> None:
    with pytest.raises(HelpDeskTicket.DoesNotExist):
        HelpDeskTicket().services.assign(agent, actor=agent)
