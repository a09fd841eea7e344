"""Who hears of a ticket because of what they did, or said."""

from __future__ import annotations

from typing import Any

import pytest

from help_desk.content.unsubscribe import Scope, Unsubscription
from help_desk.models import HelpDeskTicket, TicketFollower
from help_desk.services import preferences as preference_service
from tests.support.telling import told

pytestmark = pytest.mark.django_db


def wishes(ticket: HelpDeskTicket) -> dict[Any, bool]:
    rows = TicketFollower.objects.filter(ticket=ticket)
    return dict(rows.values_list("user_id", "is_muted"))


def test_whoever_follows_hears_and_whoever_mutes_does_not(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    ticket.services.follow(manager)
    ticket.services.follow(manager)
    ticket.services.comment(agent, "One.")
    assert manager in told()
    ticket.services.mute(manager)
    ticket.services.comment(agent, "Two.")
    assert manager not in told()
    ticket.services.follow(manager)
    ticket.services.comment(agent, "Three.")
    assert manager in told()
    assert wishes(ticket) == {manager.pk: False, agent.pk: False}


@pytest.mark.parametrize("role", ["creator", "assignee", "mentioned"])
def test_mute_holds_whatever_one_is_to_the_ticket(
    ticket: HelpDeskTicket, reporter: Any, agent: Any, manager: Any, role: str
) -> None:
    person = {"creator": reporter, "assignee": agent, "mentioned": agent}[role]
    ticket.services.mute(person)
    if role == "assignee":
        ticket.services.assign(agent, actor=manager)
        assert agent not in told()
    ticket.services.comment(manager, f"Look, @{agent.get_username()}.")
    assert person not in told()


def test_writing_does_not_end_a_mute(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    ticket.services.mute(agent)
    ticket.services.comment(agent, f"@{agent.get_username()} was here.")
    ticket.services.comment(manager, "Good.")
    assert agent not in told()
    assert wishes(ticket)[agent.pk] is True


def test_follower_who_may_not_see_the_ticket_is_not_told(
    ticket: HelpDeskTicket, agent: Any, manager: Any, user_without_permissions: Any
) -> None:
    for person in (manager, user_without_permissions):
        ticket.services.follow(person)
    manager.user_permissions.clear()
    ticket.services.comment(agent, "Anybody?")
    assert told().isdisjoint({manager, user_without_permissions})


def test_inactive_follower_is_not_told(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    ticket.services.follow(manager)
    type(manager)._default_manager.filter(pk=manager.pk).update(is_active=False)
    ticket.services.comment(agent, "Anybody?")
    assert manager not in told()


def test_link_in_a_mail_mutes(ticket: HelpDeskTicket, agent: Any, reporter: Any) -> None:
    wish = Unsubscription(user_id=str(reporter.pk), scope=Scope.TICKET, ticket_id=ticket.pk)
    assert preference_service.unsubscribe(wish)
    ticket.services.comment(agent, "Hello?")
    assert told() == set()


@pytest.mark.parametrize("key", ["0", "nobody", "3f2c0c9e-0000-4000-8000-000000000000"])
def test_link_of_an_erased_account_does_nothing(ticket: HelpDeskTicket, key: str) -> None:
    for scope, number in ((Scope.TICKET, ticket.pk), (Scope.ALL_EMAIL, None)):
        wish = Unsubscription(user_id=key, scope=scope, ticket_id=number)
        assert not preference_service.unsubscribe(wish)
    assert not TicketFollower.objects.exists()


def test_link_to_a_ticket_that_is_gone_does_nothing(ticket: HelpDeskTicket, reporter: Any) -> None:
    wish = Unsubscription(user_id=str(reporter.pk), scope=Scope.TICKET, ticket_id=ticket.pk + 1)
    assert not preference_service.unsubscribe(wish)
    assert not TicketFollower.objects.exists()
