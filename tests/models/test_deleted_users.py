"""What is kept and what is deleted with a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from help_desk.content.events import content_of
from help_desk.delivery import runner
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    Notification,
    NotificationPreference,
    TicketFollower,
)
from help_desk.services import preferences as preference_service

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket_of_deleted_user(
    ticket: HelpDeskTicket,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    manager: Any,
) -> HelpDeskTicket:
    """A ticket that a user worked on who was deleted afterwards."""
    user = grant(make_user(name="former"), "change", "delete", "view")
    ticket.services.assign(user, actor=manager)
    ticket.services.comment(user, "Works again.", status="done")
    ticket.services.comment(manager, "Thank you.")
    preference_service.set_preferences(user, {("reply", "email"): False})
    preference_service.set_email_frequency(user, "day")
    user.delete()
    return HelpDeskTicket.objects.get(pk=ticket.pk)


def test_comments_and_history_of_a_deleted_user_are_kept(
    ticket_of_deleted_user: HelpDeskTicket,
) -> None:
    assert ticket_of_deleted_user.assigned_to is None
    assert ticket_of_deleted_user.status == "done"
    comments = [
        (comment.author, comment.text) for comment in ticket_of_deleted_user.comments.order_by("pk")
    ]
    assert comments[0] == (None, "Works again.")
    assert ticket_of_deleted_user.events.count() == 4


def test_preferences_subscriptions_and_notifications_of_a_deleted_user_are_deleted(
    ticket_of_deleted_user: HelpDeskTicket,
) -> None:
    assert not NotificationPreference.objects.exists()
    assert not EmailSchedule.objects.exists()
    assert TicketFollower.objects.count() == 1
    assert {row.recipient for row in Notification.objects.exclude(recipient=None)} <= {
        ticket_of_deleted_user.created_by,
        *(follower.user for follower in ticket_of_deleted_user.followers.all()),
    }


def test_notifications_and_pages_render_without_the_deleted_user(
    ticket_of_deleted_user: HelpDeskTicket, reporter: Any, client_of: Callable[[Any], Any]
) -> None:
    titles = [
        content_of(event, "email").title for event in ticket_of_deleted_user.events.oldest_first()
    ]
    assert titles[2] == f"Someone replied to ticket #{ticket_of_deleted_user.pk}"
    assert runner.deliver().failed == 0
    client = client_of(reporter)
    for page in (f"/help_desk/page/{ticket_of_deleted_user.pk}/detail/", "/help_desk/page/inbox/"):
        response = client.get(page)
        assert response.status_code == 200
        assert "Works again." in response.content.decode()


def test_ticket_of_a_deleted_assignee_can_be_reassigned(
    ticket_of_deleted_user: HelpDeskTicket, agent: Any
) -> None:
    ticket_of_deleted_user.services.assign(agent, actor=agent)
    assert ticket_of_deleted_user.events.latest("pk").changes["assigned_to"][0] is None
