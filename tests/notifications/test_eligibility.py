"""What waits and is no longer to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from help_desk.channels import active_channels
from help_desk.content import unsubscribe
from help_desk.delivery import runner as delivery
from help_desk.models import HelpDeskTicket, Notification
from help_desk.notifications import eligibility as gate
from help_desk.notifications import planner as outbox
from help_desk.services import preferences as preference_service

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.hosts("default", "custom_user", "login_required", "multi_db", "use_tz_false"),
]


@pytest.fixture(autouse=True)
def nothing_leaves_by_itself(settings: Any) -> None:
    settings.ADMINS = []
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}


def lose_view(ticket: HelpDeskTicket, person: Any) -> None:
    person.user_permissions.clear()


def leave(ticket: HelpDeskTicket, person: Any) -> None:
    type(person)._default_manager.filter(pk=person.pk).update(is_active=False)


def mute(ticket: HelpDeskTicket, person: Any) -> None:
    ticket.services.mute(person)


def delete(ticket: HelpDeskTicket, person: Any) -> None:
    ticket.services.delete(None)


def want_no_email(ticket: HelpDeskTicket, person: Any) -> None:
    wish = unsubscribe.unsubscription_for(person.pk, ticket_id=None, is_new_ticket=False)
    assert preference_service.unsubscribe(wish)


REASONS = [
    (lose_view, gate.NOT_PERMITTED),
    (leave, gate.INACTIVE),
    (mute, gate.MUTED),
    (delete, gate.DELETED),
    (want_no_email, gate.OPTED_OUT),
]


@pytest.mark.parametrize(("happens", "reason"), REASONS, ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize("kind", ["reply", "status"])
def test_what_waits_is_skipped_and_says_why(
    ticket: HelpDeskTicket,
    agent: Any,
    reporter: Any,
    happens: Callable[[HelpDeskTicket, Any], None],
    reason: str,
    kind: str,
) -> None:
    if kind == "reply":
        ticket.services.comment(agent, "Hello.")
    else:
        ticket.services.start(agent)
    happens(ticket, reporter)
    assert delivery.deliver() == delivery.DeliveryReport(skipped=1)
    row = Notification.objects.get(channel="email", recipient=reporter)
    assert (row.status, row.error, row.due_datetime, row.lease) == ("skip", reason, None, None)
    assert mail.outbox == []
    assert outbox.send_again(Notification.objects.filter(pk=row.pk)) == 1
    assert delivery.deliver() == delivery.DeliveryReport(skipped=1)


def test_whoever_may_see_it_again_gets_it_when_it_is_sent_again(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, grant: Callable[..., Any]
) -> None:
    ticket.services.comment(agent, "Hello.")
    lose_view(ticket, reporter)
    delivery.deliver()
    grant(reporter, "view")
    outbox.send_again(Notification.objects.filter(recipient=reporter))
    assert delivery.deliver() == delivery.DeliveryReport(sent=1)


def test_note_is_not_sent_to_who_may_not_read_notes_any_more(
    ticket: HelpDeskTicket, agent: Any, manager: Any, grant: Callable[..., Any]
) -> None:
    ticket.services.follow(manager)
    ticket.services.comment(agent, "For us.", internal=True)
    ticket.services.comment(agent, "For all.")
    manager.user_permissions.clear()
    grant(manager, "view")
    delivery.deliver()
    rows = Notification.objects.filter(channel="email", recipient=manager).order_by("pk")
    assert [row.status for row in rows] == ["skip", "sent"]
    assert not any("For us." in str(message.message()) for message in mail.outbox)


def test_creator_is_sent_nothing_once_the_host_lets_creators_see_no_more(
    make_ticket: Callable[..., HelpDeskTicket],
    user_without_permissions: Any,
    agent: Any,
    settings: Any,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    ticket = make_ticket(created_by=user_without_permissions)
    ticket.services.comment(agent, "One.")
    assert delivery.deliver() == delivery.DeliveryReport(sent=1)
    ticket.services.comment(agent, "Two.")
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": False}
    assert delivery.deliver() == delivery.DeliveryReport(skipped=1)


def test_refusing_one_kind_stops_nothing_that_is_another_kind_too(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "Done.", status="done")
    preference_service.set_preferences(reporter, {("reply", "email"): False})
    assert delivery.deliver() == delivery.DeliveryReport(sent=1)


def test_mention_of_somebody_else_is_no_reason_to_send_what_was_refused(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, f"@{manager.get_username()}: look.")
    preference_service.set_preferences(reporter, {("reply", "email"): False})
    delivery.deliver()
    row = Notification.objects.get(channel="email", recipient=reporter)
    assert (row.status, row.error) == ("skip", gate.OPTED_OUT)
    assert Notification.objects.get(channel="email", recipient=manager).status == "sent"


def test_developer_without_any_permission_is_sent_new_tickets(
    create_ticket: Callable[..., HelpDeskTicket],
    make_user: Callable[..., Any],
    reporter: Any,
    settings: Any,
) -> None:
    make_user(name="ada", email="ada@example.com")
    settings.ADMINS = ["ada@example.com"]
    create_ticket(created_by=reporter)
    assert delivery.deliver() == delivery.DeliveryReport(sent=1)


def test_address_that_left_admins_is_sent_nothing(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any
) -> None:
    settings.ADMINS = ["Ada <ada@example.com>", "bob@example.com"]
    create_ticket(created_by=reporter)
    settings.ADMINS = ["ADA@example.com"]
    assert delivery.deliver() == delivery.DeliveryReport(sent=1, skipped=1)
    row = Notification.objects.get(address="bob@example.com")
    assert (row.status, row.error) == ("skip", gate.NOT_IN_ADMINS)
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]


def test_as_many_queries_for_many_rows_as_for_few(
    ticket: HelpDeskTicket,
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    capture_queries: Callable[[], Any],
    database_alias: str,
) -> None:
    counts = []
    for more in (2, 40):
        for _ in range(more):
            ticket.services.follow(grant(make_user(), "view"))
        ticket.services.comment(agent, f"Hello {more}.")
        rows = Notification.objects.waiting().select_related(
            "event__ticket", "event__comment", "recipient"
        )
        loaded = list(rows)
        with capture_queries() as queries:
            assert gate.skip_reasons(loaded, active_channels(), database_alias) == {}
        counts.append(len(queries))
    assert counts[0] == counts[1]
