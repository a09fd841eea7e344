"""Waiting notifications that must not be sent any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from help_desk.channels import active_channels
from help_desk.content.unsubscribe import Scope, Unsubscription
from help_desk.delivery import dispatch, runner
from help_desk.models import HelpDeskTicket, Notification
from help_desk.notifications import eligibility
from help_desk.services import preferences as preference_service
from tests.support.hosts import with_email

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.django_db,
    with_email,
]


@pytest.fixture(autouse=True)
def deliver_by_command(settings: Any) -> None:
    settings.ADMINS = []
    # Without a window, changes are due at once.
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command", "CHANGES_WINDOW": 0}


def lose_view_permission(ticket: HelpDeskTicket, user: Any) -> None:
    user.user_permissions.clear()


def become_inactive(ticket: HelpDeskTicket, user: Any) -> None:
    type(user)._default_manager.filter(pk=user.pk).update(is_active=False)


def mute(ticket: HelpDeskTicket, user: Any) -> None:
    ticket.services.mute(user)


def delete(ticket: HelpDeskTicket, user: Any) -> None:
    ticket.services.delete(None)


def opt_out_of_email(ticket: HelpDeskTicket, user: Any) -> None:
    unsubscription = Unsubscription(user_id=str(user.pk), scope=Scope.ALL_EMAIL)
    assert preference_service.unsubscribe(unsubscription)


REASONS = [
    (lose_view_permission, eligibility.NOT_PERMITTED),
    (become_inactive, eligibility.INACTIVE),
    (mute, eligibility.MUTED),
    (delete, eligibility.DELETED),
    (opt_out_of_email, eligibility.OPTED_OUT),
]


@pytest.mark.parametrize(
    ("act", "reason"), REASONS, ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("kind", ["reply", "status"])
def test_waiting_email_is_skipped_with_a_reason(
    ticket: HelpDeskTicket,
    agent: Any,
    reporter: Any,
    act: Callable[[HelpDeskTicket, Any], None],
    reason: str,
    kind: str,
) -> None:
    if kind == "reply":
        ticket.services.comment(agent, "Hello.")
    else:
        ticket.services.start(agent)
    act(ticket, reporter)
    assert runner.deliver() == runner.DeliveryReport(skipped=1)
    row = Notification.objects.get(channel="email", recipient=reporter)
    assert (row.status, row.error, row.due_datetime, row.lease) == ("skip", reason, None, None)
    assert mail.outbox == []
    assert dispatch.resend(Notification.objects.filter(pk=row.pk)) == 1
    assert runner.deliver() == runner.DeliveryReport(skipped=1)


def test_resent_email_is_sent_once_the_recipient_has_the_permission_again(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, grant: Callable[..., Any]
) -> None:
    ticket.services.comment(agent, "Hello.")
    lose_view_permission(ticket, reporter)
    runner.deliver()
    grant(reporter, "view")
    dispatch.resend(Notification.objects.filter(recipient=reporter))
    assert runner.deliver() == runner.DeliveryReport(sent=1)


def test_note_is_not_sent_to_a_user_who_lost_the_change_permission(
    ticket: HelpDeskTicket, agent: Any, manager: Any, grant: Callable[..., Any]
) -> None:
    ticket.services.follow(manager)
    ticket.services.comment(agent, "Internal.", internal=True)
    ticket.services.comment(agent, "Public.")
    manager.user_permissions.clear()
    grant(manager, "view")
    runner.deliver()
    rows = Notification.objects.filter(channel="email", recipient=manager).order_by("pk")
    assert [row.status for row in rows] == ["skip", "sent"]
    assert not any("Internal." in str(message.message()) for message in mail.outbox)


def test_creator_gets_no_email_once_creators_no_longer_see_own_tickets(
    make_ticket: Callable[..., HelpDeskTicket],
    user_without_permissions: Any,
    agent: Any,
    settings: Any,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    ticket = make_ticket(created_by=user_without_permissions)
    ticket.services.comment(agent, "One.")
    assert runner.deliver() == runner.DeliveryReport(sent=1)
    ticket.services.comment(agent, "Two.")
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": False}
    assert runner.deliver() == runner.DeliveryReport(skipped=1)


def test_email_of_two_kinds_is_sent_unless_the_user_opted_out_of_both(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "Done.", status="done")
    preference_service.set_preferences(reporter, {("reply", "email"): False})
    assert runner.deliver() == runner.DeliveryReport(sent=1)
    preference_service.set_preferences(reporter, {("reply", "email"): None})
    ticket.services.comment(agent, "Reopened.", status="prog")
    opt_outs = {("reply", "email"): False, ("status", "email"): False}
    preference_service.set_preferences(reporter, opt_outs)
    assert runner.deliver() == runner.DeliveryReport(skipped=1)


@pytest.mark.parametrize(
    ("opted_out", "status", "reason"),
    [("reply", "skip", eligibility.OPTED_OUT), ("status", "sent", "")],
)
def test_follower_gets_email_of_a_reply_with_a_status_unless_they_opted_out_of_replies(
    ticket: HelpDeskTicket, agent: Any, manager: Any, opted_out: str, status: str, reason: str
) -> None:
    ticket.services.follow(manager)
    ticket.services.comment(agent, "Done.", status="done")
    row = Notification.objects.get(channel="email", recipient=manager)
    assert (row.status, row.kinds) == ("wait", ["reply"])
    preference_service.set_preferences(manager, {(opted_out, "email"): False})
    runner.deliver()
    row.refresh_from_db()
    assert (row.status, row.error, row.kinds) == (status, reason, ["reply"])
    assert len(mail.outbox) == (2 if status == "sent" else 1)


def test_email_that_the_user_enabled_is_sent(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    preference_service.set_preferences(reporter, {("reply", "email"): True})
    preference_service.set_preferences(manager, {("reply", "email"): False})
    ticket.services.comment(agent, "Hello.")
    assert runner.deliver() == runner.DeliveryReport(sent=1)


def test_mention_of_another_user_does_not_override_an_opt_out(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, f"@{manager.get_username()}: look.")
    preference_service.set_preferences(reporter, {("reply", "email"): False})
    runner.deliver()
    row = Notification.objects.get(channel="email", recipient=reporter)
    assert (row.status, row.error) == ("skip", eligibility.OPTED_OUT)
    assert Notification.objects.get(channel="email", recipient=manager).status == "sent"


def test_developer_without_permissions_gets_email_about_new_tickets(
    create_ticket: Callable[..., HelpDeskTicket],
    make_user: Callable[..., Any],
    reporter: Any,
    settings: Any,
) -> None:
    make_user(name="ada", email="ada@example.com")
    settings.ADMINS = ["ada@example.com"]
    create_ticket(created_by=reporter)
    assert runner.deliver() == runner.DeliveryReport(sent=1)


def test_address_removed_from_admins_gets_no_email(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any
) -> None:
    settings.ADMINS = ["Ada <ada@example.com>", "bob@example.com"]
    create_ticket(created_by=reporter)
    settings.ADMINS = ["ADA@example.com"]
    assert runner.deliver() == runner.DeliveryReport(sent=1, skipped=1)
    row = Notification.objects.get(address="bob@example.com")
    assert (row.status, row.error) == ("skip", eligibility.NOT_IN_ADMINS)
    assert [message.to for message in mail.outbox] == [["ada@example.com"]]


def test_number_of_queries_does_not_depend_on_the_number_of_rows(
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
            assert eligibility.skip_reasons(loaded, active_channels(), database_alias) == {}
        counts.append(len(queries))
    assert counts[0] == counts[1]
