"""Following and muting tickets."""

from __future__ import annotations

from typing import Any

import pytest

from help_desk.content.unsubscribe import Scope, Unsubscription
from help_desk.models import HelpDeskTicket, TicketFollower
from help_desk.services import preferences as preference_service
from tests.support.notifications import notified

pytestmark = pytest.mark.django_db


def subscriptions(ticket: HelpDeskTicket) -> dict[Any, bool]:
    rows = TicketFollower.objects.filter(ticket=ticket)
    return dict(rows.values_list("user_id", "is_muted"))


def test_followers_are_notified_until_they_mute_the_ticket(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    ticket.services.follow(manager)
    ticket.services.follow(manager)
    ticket.services.comment(agent, "One.")
    assert manager in notified()
    ticket.services.mute(manager)
    ticket.services.comment(agent, "Two.")
    assert manager not in notified()
    ticket.services.follow(manager)
    ticket.services.comment(agent, "Three.")
    assert manager in notified()
    assert subscriptions(ticket) == {manager.pk: False, agent.pk: False}


@pytest.mark.parametrize("role", ["creator", "assignee", "mentioned"])
def test_muting_wins_over_every_role(
    ticket: HelpDeskTicket, reporter: Any, agent: Any, manager: Any, role: str
) -> None:
    user = {"creator": reporter, "assignee": agent, "mentioned": agent}[role]
    ticket.services.mute(user)
    if role == "assignee":
        ticket.services.assign(agent, actor=manager)
        assert agent not in notified()
    ticket.services.comment(manager, f"Look, @{agent.get_username()}.")
    assert user not in notified()


def test_commenting_does_not_unmute(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    ticket.services.mute(agent)
    ticket.services.comment(agent, f"@{agent.get_username()} was here.")
    ticket.services.comment(manager, "Good.")
    assert agent not in notified()
    assert subscriptions(ticket)[agent.pk] is True


def test_follower_without_the_view_permission_is_not_notified(
    ticket: HelpDeskTicket, agent: Any, manager: Any, user_without_permissions: Any
) -> None:
    for user in (manager, user_without_permissions):
        ticket.services.follow(user)
    manager.user_permissions.clear()
    ticket.services.comment(agent, "Any news?")
    assert notified().isdisjoint({manager, user_without_permissions})


def test_inactive_follower_is_not_notified(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    ticket.services.follow(manager)
    type(manager)._default_manager.filter(pk=manager.pk).update(is_active=False)
    ticket.services.comment(agent, "Any news?")
    assert manager not in notified()


def test_unsubscribing_from_a_ticket_mutes_it(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    unsubscription = Unsubscription(
        user_id=str(reporter.pk), scope=Scope.TICKET, ticket_id=ticket.pk
    )
    assert preference_service.unsubscribe(unsubscription)
    ticket.services.comment(agent, "Hello?")
    assert notified() == set()


@pytest.mark.parametrize("user_id", ["0", "unknown", "3f2c0c9e-0000-4000-8000-000000000000"])
def test_unsubscribing_a_deleted_user_does_nothing(ticket: HelpDeskTicket, user_id: str) -> None:
    for scope, ticket_id in ((Scope.TICKET, ticket.pk), (Scope.ALL_EMAIL, None)):
        unsubscription = Unsubscription(user_id=user_id, scope=scope, ticket_id=ticket_id)
        assert not preference_service.unsubscribe(unsubscription)
    assert not TicketFollower.objects.exists()


def test_unsubscribing_from_an_unknown_ticket_does_nothing(
    ticket: HelpDeskTicket, reporter: Any
) -> None:
    unsubscription = Unsubscription(
        user_id=str(reporter.pk), scope=Scope.TICKET, ticket_id=ticket.pk + 1
    )
    assert not preference_service.unsubscribe(unsubscription)
    assert not TicketFollower.objects.exists()
