"""What users can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from help_desk.auth import policy
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent

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


def test_inbox_has_new_tickets_and_own_ones_if_creators_see_own_tickets(
    create_ticket: Callable[..., HelpDeskTicket],
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    settings: Any,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    chief = grant(make_user(name="chief"), "delete")
    other = create_ticket(created_by=agent)
    own = create_ticket(created_by=chief)
    own.services.comment(agent, "Hello.")
    other.services.follow(chief)
    found = policy.inbox(chief).values_list("event__ticket_id", "event__type")
    assert set(found) == {(other.pk, "new"), (own.pk, "new"), (own.pk, "comment")}
    assert policy.unread_count(chief) == 3


@pytest.fixture
def notify(manager: Any) -> Callable[..., None]:
    """Write unread notifications to the manager, each of an event of its own."""

    def write(ticket: HelpDeskTicket, number: int, **values: Any) -> None:
        events = TicketEvent.objects.bulk_create(
            TicketEvent(ticket=ticket, **{"type": "update", **values}) for _ in range(number)
        )
        Notification.objects.bulk_create(
            Notification(event=event, recipient=manager, channel="in_app", status="sent")
            for event in events
        )

    return write


def test_unread_notifications_are_counted_up_to_100(
    ticket: HelpDeskTicket, manager: Any, notify: Callable[..., None]
) -> None:
    Notification.objects.inbox_of(manager).mark_as_read()
    assert policy.unread_count(manager) == 0
    notify(ticket, 99)
    assert policy.unread_count(manager) == 99
    notify(ticket, 20)
    assert policy.unread_count(manager) == policy.UNREAD_MAX == 100


def test_tickets_of_unread_notifications_are_returned(
    make_ticket: Callable[..., HelpDeskTicket], manager: Any, notify: Callable[..., None]
) -> None:
    deleted, first, second = make_ticket(), make_ticket(), make_ticket()
    notify(first, 1)
    notify(second, 2)
    assert sorted(policy.unread_ticket_ids(manager)) == [first.pk, second.pk, second.pk]
    deleted.set_deleted()
    notify(deleted, 120)  # more than are counted
    assert sorted(policy.unread_ticket_ids(manager)) == [first.pk, second.pk, second.pk]


def test_hidden_notifications_leave_the_unread_count_right(
    make_ticket: Callable[..., HelpDeskTicket],
    manager: Any,
    notify: Callable[..., None],
) -> None:
    deleted, ticket = make_ticket(), make_ticket()
    deleted.set_deleted()
    notify(deleted, 120)
    notify(ticket, 5, type="new")
    notify(ticket, 7)
    for permissions_left, count in (True, 12), (False, 5):
        if not permissions_left:
            manager.user_permissions.clear()
        user = type(manager)._default_manager.get(pk=manager.pk)
        assert policy.unread_count(user) == policy.inbox(user).unread().count() == count


def test_unread_notifications_of_own_tickets_are_counted(
    make_ticket: Callable[..., HelpDeskTicket],
    manager: Any,
    agent: Any,
    notify: Callable[..., None],
    settings: Any,
) -> None:
    own = make_ticket(created_by=manager)
    note = TicketComment.objects.create(ticket=own, author=agent, text="A", is_internal=True)
    notify(own, 3)
    notify(own, 4, type="comment", comment=note)
    manager.user_permissions.clear()
    for sees_own, count in (True, 3), (False, 0):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": sees_own}
        user = type(manager)._default_manager.get(pk=manager.pk)
        assert policy.unread_count(user) == policy.inbox(user).unread().count() == count


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
