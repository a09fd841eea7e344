"""What the user of a request can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from help_desk.auth.controller import BaseHelpDeskAuthController
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Callable

ACTIONS = ("add", "change", "delete", "view")


def controller(user: Any) -> BaseHelpDeskAuthController:
    request = RequestFactory().get("/")
    request.user = user
    return BaseHelpDeskAuthController(request)


def allowed(user: Any) -> set[str]:
    auth = controller(user)
    return {action for action in ACTIONS if getattr(auth, f"can_{action}")()}


@pytest.fixture
def creators_see_own_tickets(settings: Any) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_permission_allows_its_own_action_only(
    user_without_permissions: Any, grant: Callable[..., Any], action: str
) -> None:
    assert allowed(user_without_permissions) == set()
    assert allowed(grant(user_without_permissions, action)) == {action}


@pytest.mark.parametrize(
    ("state", "expected"),
    [({}, set(ACTIONS)), ({"is_active": False}, set())],
    ids=["active", "inactive"],
)
def test_superuser_can_do_everything_while_active(
    make_user: Callable[..., Any], state: dict[str, Any], expected: set[str]
) -> None:
    assert allowed(make_user(is_superuser=True, **state)) == expected


def test_anonymous_user_can_do_nothing(
    ticket: HelpDeskTicket, creators_see_own_tickets: None
) -> None:
    visitor = controller(AnonymousUser())
    assert allowed(AnonymousUser()) == set()
    assert not visitor.can_view_list()
    assert not visitor.can_view_ticket(ticket)
    assert not visitor.visible_tickets().exists()


def test_view_permission_shows_all_tickets_except_deleted_ones(
    make_ticket: Callable[..., HelpDeskTicket], agent: Any
) -> None:
    kept = {make_ticket(), make_ticket(is_active=False)}
    make_ticket(is_deleted=True)
    viewer = controller(agent)
    assert viewer.can_view_list()
    assert set(viewer.visible_tickets()) == kept
    assert all(viewer.can_view_ticket(ticket) for ticket in kept)


@pytest.fixture
def own_and_other(
    make_ticket: Callable[..., HelpDeskTicket], user_without_permissions: Any
) -> tuple[HelpDeskTicket, HelpDeskTicket]:
    make_ticket(created_by=user_without_permissions, is_deleted=True)
    return make_ticket(created_by=user_without_permissions), make_ticket()


def test_creator_without_the_view_permission_sees_no_tickets_by_default(
    own_and_other: tuple[HelpDeskTicket, HelpDeskTicket], user_without_permissions: Any
) -> None:
    creator = controller(user_without_permissions)
    assert not creator.can_view_list()
    assert not creator.can_view_ticket(own_and_other[0])
    assert not creator.visible_tickets().exists()


def test_creator_sees_own_tickets_if_the_setting_is_on(
    own_and_other: tuple[HelpDeskTicket, HelpDeskTicket],
    user_without_permissions: Any,
    creators_see_own_tickets: None,
) -> None:
    own, other = own_and_other
    creator = controller(user_without_permissions)
    assert creator.can_view_list()
    assert (creator.can_view_ticket(own), creator.can_view_ticket(other)) == (True, False)
    assert list(creator.visible_tickets()) == [own]
    assert not creator.can_view()


def test_view_permission_shows_all_tickets_if_creators_see_own_ones(
    own_and_other: tuple[HelpDeskTicket, HelpDeskTicket],
    agent: Any,
    creators_see_own_tickets: None,
) -> None:
    assert set(controller(agent).visible_tickets()) == set(own_and_other)


def test_controllers_do_not_share_state(reporter: Any, manager: Any) -> None:
    first, second = controller(reporter), controller(manager)
    assert (first.can_delete(), second.can_delete(), first.can_delete()) == (False, True, False)


def test_internal_notes_and_their_events_require_the_change_permission(
    ticket: HelpDeskTicket, reporter: Any, agent: Any
) -> None:
    ticket.services.comment(agent, "Internal.", internal=True)
    for user, sees_internal in ((reporter, False), (agent, True)):
        assert controller(user).can_see_internal() is sees_internal
        events = controller(user).visible_events().filter(ticket=ticket)
        assert events.filter(type="comment").exists() is sees_internal
        assert events.filter(type="new").exists()
