"""What users can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from help_desk.auth import policy
from help_desk.models import HelpDeskTicket, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(ticket: HelpDeskTicket, agent: Any) -> HelpDeskTicket:
    """Return a ticket with a reply and an edited internal note."""
    ticket.services.comment(agent, "For all.")
    note = ticket.services.comment(agent, "For us.", internal=True)
    ticket.services.edit_comment(note, "For us only.", actor=agent)
    return ticket


def test_internal_notes_require_the_change_permission(
    conversation: HelpDeskTicket, reporter: Any, manager: Any
) -> None:
    visible = [
        event.changes for event in policy.visible_events(reporter).filter(ticket=conversation)
    ]
    assert "For us" not in str(visible)
    assert len(visible) == 2
    assert policy.visible_events(manager).filter(ticket=conversation).count() == 4
    assert [comment.text for comment in policy.visible_comments(reporter)] == ["For all."]
    assert policy.visible_comments(manager).count() == 2


def test_inbox_hides_what_the_user_can_no_longer_see(
    conversation: HelpDeskTicket,
    agent: Any,
    manager: Any,
    grant: Callable[..., Any],
    create_ticket: Callable[..., HelpDeskTicket],
) -> None:
    conversation.services.follow(manager)
    conversation.services.comment(agent, "For all.")
    conversation.services.comment(agent, "For us.", internal=True)
    create_ticket(created_by=agent)
    assert (policy.inbox(manager).count(), policy.unread_count(manager)) == (3, 3)
    manager.user_permissions.clear()
    viewer = grant(manager, "view")
    assert (policy.inbox(viewer).count(), policy.unread_count(viewer)) == (2, 2)
    assert not policy.inbox(viewer).filter(event__comment__is_internal=True).exists()
    viewer.user_permissions.clear()
    former = type(viewer)._default_manager.get(pk=viewer.pk)
    assert (policy.inbox(former).count(), policy.unread_count(former)) == (1, 1)
    assert policy.inbox(former).get().event.type == "new"
    assert Notification.objects.filter(recipient=manager, channel="in_app").count() == 3


def test_viewers_are_active_users_who_can_see_the_ticket(
    make_ticket: Callable[..., HelpDeskTicket],
    user_without_permissions: Any,
    reporter: Any,
    agent: Any,
    manager: Any,
    settings: Any,
    database_alias: str,
) -> None:
    ticket = make_ticket(created_by=user_without_permissions)
    type(manager)._default_manager.filter(pk=manager.pk).update(is_active=False)
    user_ids = {user.pk for user in (user_without_permissions, reporter, agent, manager)}

    def viewers(*, internal: bool = False) -> set[Any]:
        return policy.viewers(ticket, user_ids, database_alias, internal=internal)

    assert viewers() == {reporter.pk, agent.pk}
    assert viewers(internal=True) == {agent.pk}
    assert policy.viewers(ticket, set(), database_alias) == set()
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    assert viewers() == {user_without_permissions.pk, reporter.pk, agent.pk}
    assert viewers(internal=True) == {agent.pk}
