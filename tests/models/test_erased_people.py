"""What outlives a person's account, and what goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import ProtectedError

from help_desk.content.events import content_of
from help_desk.delivery import runner as delivery
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
def erased(
    ticket: HelpDeskTicket,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    manager: Any,
) -> HelpDeskTicket:
    """A ticket on which somebody worked who is gone."""
    person = grant(make_user(name="former"), "change", "delete", "view")
    ticket.services.assign(person, actor=manager)
    ticket.services.comment(person, "Works again.", status="done")
    ticket.services.comment(manager, "Thank you.")
    preference_service.set_preferences(person, {("reply", "email"): False})
    preference_service.set_email_frequency(person, "day")
    person.delete()
    return HelpDeskTicket.objects.get(pk=ticket.pk)


def test_what_was_said_and_done_stays(erased: HelpDeskTicket) -> None:
    assert erased.assigned_to is None
    assert erased.status == "done"
    said = [(comment.author, comment.text) for comment in erased.comments.order_by("pk")]
    assert said[0] == (None, "Works again.")
    assert erased.events.count() == 4


def test_what_was_for_the_person_goes(erased: HelpDeskTicket) -> None:
    assert not NotificationPreference.objects.exists()
    assert not EmailSchedule.objects.exists()
    assert TicketFollower.objects.count() == 1
    assert {row.recipient for row in Notification.objects.exclude(recipient=None)} <= {
        erased.created_by,
        *(follower.user for follower in erased.followers.all()),
    }


def test_notifications_and_pages_still_speak(
    erased: HelpDeskTicket, reporter: Any, client_of: Callable[[Any], Any]
) -> None:
    titles = [content_of(event, "email").title for event in erased.events.oldest_first()]
    assert titles[2] == f"Someone replied on ticket #{erased.pk}"
    assert delivery.deliver().failed == 0
    client = client_of(reporter)
    for page in (f"/help_desk/page/{erased.pk}/detail/", "/help_desk/page/inbox/"):
        response = client.get(page)
        assert response.status_code == 200
        assert "Works again." in response.content.decode()


def test_work_goes_on(erased: HelpDeskTicket, agent: Any) -> None:
    erased.services.assign(agent, actor=agent)
    assert erased.events.latest("pk").changes["assigned_to"][0] is None


def test_account_that_filed_a_ticket_cannot_be_deleted(erased: HelpDeskTicket) -> None:
    with pytest.raises(ProtectedError):
        erased.created_by.delete()
