"""The notification rows that an event writes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from help_desk.models import HelpDeskTicket, Notification
from tests.support.hosts import with_email

if TYPE_CHECKING:
    from collections.abc import Callable

    CreateTicket = Callable[..., HelpDeskTicket]


def test_in_app_row_is_sent_at_once_and_email_waits(
    create_ticket: CreateTicket, reporter: Any, manager: Any
) -> None:
    event = create_ticket(created_by=reporter).events.get()
    in_app = event.notifications.get(recipient=manager)
    assert (in_app.status, in_app.due_datetime, in_app.read_datetime) == ("sent", None, None)
    assert in_app.sent_datetime == in_app.created_datetime
    email = event.notifications.filter(channel="email").first()
    assert email is not None
    assert (email.status, email.sent_datetime, email.attempts) == ("wait", None, 0)
    assert event.created_datetime <= email.due_datetime <= timezone.now()
    assert email.due_datetime == email.scheduled_datetime


@pytest.mark.parametrize("field", ["recipient", "address"])
def test_database_rejects_a_second_row_for_one_recipient_event_and_channel(
    create_ticket: CreateTicket, reporter: Any, manager: Any, database_alias: str, field: str
) -> None:
    event = create_ticket(created_by=reporter).events.get()
    same = {"recipient": manager} if field == "recipient" else {"address": "ada@example.com"}
    channel = "in_app" if field == "recipient" else "email"
    row = Notification(event=event, channel=channel, status="sent", **same)
    with pytest.raises(IntegrityError), transaction.atomic(using=database_alias):
        row.save()


@with_email
def test_lookalike_of_an_address_keeps_no_one_from_replying(
    ticket: HelpDeskTicket, agent: Any, make_user: Callable[..., Any], grant: Callable[..., Any]
) -> None:
    addresses = ["ada@ex\u00e4mple.com", "ada@example.com", "\u00e0da@example.com"]
    for number, address in enumerate(addresses):
        follower = make_user(name=f"follower{number}", email=address)
        ticket.services.follow(grant(follower, "view"))
    ticket.services.comment(agent, "It is repaired.")
    emails = Notification.objects.filter(channel="email", event__comment__isnull=False)
    notified = set(emails.values_list("address", flat=True))
    # MariaDB takes all three for one address.
    assert "ada@example.com" in notified
    assert Notification.objects.filter(channel="in_app", address=None).count() >= len(addresses)


@with_email
def test_lookalike_of_an_address_keeps_no_one_from_being_emailed(
    make_ticket: Callable[..., HelpDeskTicket],
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
) -> None:
    # Python's lower() turns the Kelvin sign into a k.
    creator = grant(make_user(email="\N{KELVIN SIGN}im@example.com"), "view")
    ticket = make_ticket(created_by=creator)
    ticket.services.follow(grant(make_user(email="kim@example.com"), "view"))
    ticket.services.comment(agent, "It is repaired.")
    assert Notification.objects.filter(channel="email", address="kim@example.com").exists()


def test_user_can_be_notified_by_several_channels_and_of_several_tickets(
    create_ticket: CreateTicket, reporter: Any, manager: Any
) -> None:
    for _ in range(2):
        event = create_ticket(created_by=reporter).events.get()
        Notification(event=event, channel="pager", status="wait", recipient=manager).save()
    assert Notification.objects.filter(recipient=manager).count() == 4


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (["help_desk.channels.in_app.InAppChannel"], {"in_app"}),
        (["help_desk.channels.email.channel.EmailChannel"], {"email"}),
        ([], set()),
    ],
    ids=["in-app", "email", "none"],
)
def test_only_configured_channels_notify(
    create_ticket: CreateTicket,
    reporter: Any,
    manager: Any,
    settings: Any,
    channels: list[str],
    expected: set[str],
) -> None:
    settings.HELP_DESK = {"CHANNELS": channels}
    create_ticket(created_by=reporter)
    assert set(Notification.objects.values_list("channel", flat=True)) == expected


# Sending after the commit


def test_email_is_sent_after_the_commit(
    create_ticket: CreateTicket,
    reporter: Any,
    database_alias: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(using=database_alias, execute=True):
        create_ticket(created_by=reporter)
        assert mail.outbox == []
    assert {address for message in mail.outbox for address in message.to} == {
        "ada@example.com",
        "charles@example.com",
    }
    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_after_a_rollback(
    create_ticket: CreateTicket, reporter: Any, database_alias: str
) -> None:
    with transaction.atomic(using=database_alias):
        create_ticket(created_by=reporter)
        transaction.set_rollback(True, using=database_alias)
    assert mail.outbox == []
    assert not HelpDeskTicket.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_backlog_is_sent_with_the_next_ticket(
    create_ticket: CreateTicket, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}
    create_ticket(created_by=reporter)
    assert mail.outbox == []
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "after_commit"}
    later = create_ticket(created_by=reporter)
    first = mail.outbox[0]
    assert str(first.subject).startswith(f"{later}:")
    assert not Notification.objects.filter(status="wait").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("backend", ["no.such.Backend", "tests.support.mail.ScriptedBackend"])
def test_mail_error_does_not_reach_the_caller(
    create_ticket: CreateTicket, reporter: Any, mail_server: Any, settings: Any, backend: str
) -> None:
    mail_server.opening = ConnectionRefusedError("Connection refused")
    mail_server.use(backend)
    ticket = create_ticket(created_by=reporter)
    assert HelpDeskTicket.objects.get() == ticket
    waiting = Notification.objects.filter(channel="email")
    assert {row.status for row in waiting} == {"wait"}
    assert all(row.error and row.due_datetime for row in waiting)


# Kinds


def kinds_of(user: Any, channel: str = "in_app") -> list[str]:
    """Return the kinds of a user's latest row."""
    return Notification.objects.filter(recipient=user, channel=channel).latest("pk").kinds


def test_row_of_a_new_ticket_keeps_the_kinds_of_its_roles(
    create_ticket: CreateTicket, reporter: Any, agent: Any, manager: Any
) -> None:
    create_ticket(created_by=reporter, description=f"@{agent.get_username()}: it hums.")
    assert kinds_of(manager) == ["new"]
    assert kinds_of(agent) == ["mention"]
    create_ticket(created_by=reporter, description=f"@{manager.get_username()}: it hums.")
    assert kinds_of(manager) == ["mention", "new"]


@with_email
def test_row_keeps_only_kinds_that_apply_to_the_recipient_and_channel(
    ticket: HelpDeskTicket, reporter: Any, agent: Any, manager: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {"status": {"creator": ["in_app"]}},
    }
    ticket.services.assign(manager, actor=agent)
    assert kinds_of(manager) == kinds_of(reporter) == ["assignment"]
    ticket.services.update(agent, status="prog", priority="urge")
    assert kinds_of(manager) == ["priority", "status"]
    assert kinds_of(reporter) == ["status"]
    text = f"@{manager.get_username()}: done."
    ticket.services.comment(agent, text, status="done")
    assert kinds_of(manager) == ["mention", "reply", "status"]
    assert kinds_of(reporter) == ["reply", "status"]
    assert kinds_of(reporter, "email") == ["reply"]
    ticket.services.comment(agent, "Internal.", internal=True)
    assert kinds_of(manager) == ["note"]


def test_row_of_an_external_developer_keeps_its_kinds(
    create_ticket: CreateTicket, reporter: Any
) -> None:
    create_ticket(created_by=reporter)
    rows = Notification.objects.filter(recipient=None)
    assert [row.kinds for row in rows] == [["new"]] * 2


# The changes window


@with_email
@pytest.mark.parametrize(
    ("delivery", "seconds"), [("after_commit", 0), ("task", 300), ("command", 300)]
)
def test_changes_window_applies_where_something_delivers_later(
    ticket: HelpDeskTicket, agent: Any, settings: Any, delivery: str, seconds: int
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANGES_WINDOW": 300, "DELIVERY": delivery}
    event = ticket.services.start(agent)
    assert event is not None
    (email,) = event.notifications.filter(channel="email")
    assert email.due_datetime is not None
    delay = email.due_datetime - event.created_datetime - timedelta(seconds=seconds)
    assert timedelta(0) <= delay < timedelta(seconds=60)


@with_email
@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e300, -60])
def test_invalid_changes_window_is_replaced_by_the_default(
    ticket: HelpDeskTicket, agent: Any, settings: Any, seconds: float
) -> None:
    changed = {"CHANGES_WINDOW": seconds, "DELIVERY": "command"}
    settings.HELP_DESK = {**settings.HELP_DESK, **changed}
    event = ticket.services.start(agent)
    assert event is not None
    (email,) = event.notifications.filter(channel="email")
    assert email.due_datetime == event.created_datetime + timedelta(seconds=60)


@with_email
@pytest.mark.parametrize("delivery", ["task", "command"])
def test_changes_window_does_not_delay_replies(
    ticket: HelpDeskTicket, agent: Any, settings: Any, delivery: str
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANGES_WINDOW": 300, "DELIVERY": delivery}
    ticket.services.comment(agent, "Done.", status="done")
    email = Notification.objects.get(channel="email")
    assert email.due_datetime is not None
    assert email.due_datetime <= timezone.now()
