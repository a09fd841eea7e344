"""What is kept and what is deleted with a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin import site
from django.db import transaction
from django.db.models import ProtectedError
from django.urls import reverse

from help_desk.content.events import content_of
from help_desk.delivery import runner
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    Notification,
    NotificationPreference,
    TicketEvent,
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
    assert ticket_of_deleted_user.events.count() == 5


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


def stored_id(user: Any) -> Any:
    """Return a user's ID as events store it: UUID keys are text."""
    return user.pk if isinstance(user.pk, int) else str(user.pk)


@pytest.fixture
def assignee(make_user: Callable[..., Any], grant: Callable[..., Any]) -> Any:
    return grant(make_user(name="former"), "change")


@pytest.fixture
def assigned(make_ticket: Callable[..., HelpDeskTicket], assignee: Any) -> list[HelpDeskTicket]:
    """Two tickets of the assignee, one of them deleted."""
    tickets = [make_ticket(assigned_to=assignee), make_ticket(assigned_to=assignee)]
    tickets[1].set_deleted()
    return tickets


def delete_in_admin(user: Any, client: Any) -> None:
    url = reverse(f"admin:{user._meta.app_label}_{user._meta.model_name}_delete", args=[user.pk])
    before = TicketEvent.objects.count()
    assert client.get(url).status_code == 200
    assert TicketEvent.objects.count() == before
    assert client.post(url, {"post": "yes"}).status_code == 302


def delete_action_in_admin(user: Any, client: Any) -> None:
    url = reverse(f"admin:{user._meta.app_label}_{user._meta.model_name}_changelist")
    data = {"action": "delete_selected", "_selected_action": [str(user.pk)]}
    before = TicketEvent.objects.count()
    assert client.post(url, data).status_code == 200
    assert TicketEvent.objects.count() == before
    assert client.post(url, {**data, "post": "yes"}).status_code == 302


DELETE: dict[str, Callable[[Any, Any], Any]] = {
    "instance": lambda user, client: user.delete(),
    "queryset": lambda user, client: type(user)._default_manager.filter(pk=user.pk).delete(),
    "admin": delete_in_admin,
    "admin-action": delete_action_in_admin,
}


@pytest.mark.parametrize("delete", DELETE.values(), ids=DELETE)
def test_deleting_an_assignee_unassigns_their_tickets_with_an_event(
    assignee: Any,
    assigned: list[HelpDeskTicket],
    ticket: HelpDeskTicket,
    make_user: Callable[..., Any],
    client_of: Callable[[Any], Any],
    delete: Callable[[Any, Any], Any],
) -> None:
    user_id = stored_id(assignee)
    if "admin" in delete.__name__ and not site.is_registered(type(assignee)):
        pytest.skip("The user model is not in the admin.")
    delete(assignee, client_of(make_user(is_staff=True, is_superuser=True)))
    for one in assigned:
        event = one.events.latest("pk")
        assert (event.type, event.actor) == ("update", None)
        assert event.changes == {"assigned_to": [user_id, None]}
        assert HelpDeskTicket.objects.get(pk=one.pk).assigned_to is None
    assert ticket.events.count() == 1


def test_event_is_not_recorded_if_the_assignee_cannot_be_deleted(
    assignee: Any, assigned: list[HelpDeskTicket], make_ticket: Callable[..., HelpDeskTicket]
) -> None:
    make_ticket(created_by=assignee)
    before = TicketEvent.objects.count()
    with pytest.raises(ProtectedError):
        assignee.delete()
    assert TicketEvent.objects.count() == before


def test_event_is_rolled_back_with_the_deletion(
    assignee: Any, assigned: list[HelpDeskTicket], database_alias: str
) -> None:
    before = TicketEvent.objects.count()
    with transaction.atomic(using=database_alias):
        assignee.delete()
        transaction.set_rollback(True, using=database_alias)
    assert TicketEvent.objects.count() == before
    assert HelpDeskTicket.objects.filter(assigned_to__isnull=False).count() == 2


def test_deleting_assignees_takes_the_same_number_of_queries_for_any_number(
    make_user: Callable[..., Any],
    make_ticket: Callable[..., HelpDeskTicket],
    capture_queries: Callable[[], Any],
) -> None:
    counts = []
    for number in (1, 5):
        users = [make_user(name=f"former{number}.{index}") for index in range(number)]
        for user in users:
            make_ticket(assigned_to=user)
            make_ticket(assigned_to=user)
        with capture_queries() as queries:
            type(users[0])._default_manager.filter(pk__in=[user.pk for user in users]).delete()
        counts.append(len(queries))
        assert TicketEvent.objects.filter(type="update").count() >= 2 * number
    assert counts[0] == counts[1]


def test_timeline_shows_that_the_assignee_was_deleted(
    assignee: Any,
    assigned: list[HelpDeskTicket],
    reporter: Any,
    client_of: Callable[[Any], Any],
) -> None:
    assignee.delete()
    page = client_of(reporter).get(assigned[0].get_absolute_url())
    (change,) = page.context_data["timeline"].entries[-1].changes
    assert (change.label, change.old, change.new) == ("Assigned to", "Someone", "Unassigned")
