"""The rows that a ticket's creation writes, and what the database keeps them from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from help_desk.models import HelpDeskTicket, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    FileTicket = Callable[..., HelpDeskTicket]


def test_row_in_the_app_is_there_at_once_and_email_waits(
    create_ticket: FileTicket, reporter: Any, manager: Any
) -> None:
    event = create_ticket(created_by=reporter).events.get()
    in_app = event.notifications.get(recipient=manager)
    assert (in_app.status, in_app.due_datetime, in_app.read_datetime) == ("sent", None, None)
    assert in_app.sent_datetime == in_app.created_datetime
    email = event.notifications.filter(channel="email").first()
    assert email is not None
    assert (email.status, email.sent_datetime, email.attempts) == ("wait", None, 0)
    assert email.due_datetime == email.created_datetime


@pytest.mark.parametrize("who", ["recipient", "address"])
def test_database_refuses_a_second_row_for_one_person_event_and_channel(
    create_ticket: FileTicket, reporter: Any, manager: Any, database_alias: str, who: str
) -> None:
    event = create_ticket(created_by=reporter).events.get()
    same = {"recipient": manager} if who == "recipient" else {"address": "ada@example.com"}
    channel = "in_app" if who == "recipient" else "email"
    row = Notification(event=event, channel=channel, status="sent", **same)
    with pytest.raises(IntegrityError), transaction.atomic(using=database_alias):
        row.save()


def test_one_person_may_be_told_by_several_channels_and_of_several_tickets(
    create_ticket: FileTicket, reporter: Any, manager: Any
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
def test_people_are_told_by_the_channels_that_are_set_up(
    create_ticket: FileTicket,
    reporter: Any,
    manager: Any,
    settings: Any,
    channels: list[str],
    expected: set[str],
) -> None:
    settings.HELP_DESK = {"CHANNELS": channels}
    create_ticket(created_by=reporter)
    assert set(Notification.objects.values_list("channel", flat=True)) == expected


# What waits leaves after the commit.


def test_email_leaves_after_the_commit(
    create_ticket: FileTicket,
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
def test_nothing_leaves_if_the_callers_transaction_is_rolled_back(
    create_ticket: FileTicket, reporter: Any, database_alias: str
) -> None:
    with transaction.atomic(using=database_alias):
        create_ticket(created_by=reporter)
        transaction.set_rollback(True, using=database_alias)
    assert mail.outbox == []
    assert not HelpDeskTicket.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_was_left_before_leaves_with_the_next_ticket(
    create_ticket: FileTicket, reporter: Any, settings: Any
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
def test_caller_is_not_troubled_by_mail_that_does_not_leave(
    create_ticket: FileTicket, reporter: Any, mail_server: Any, settings: Any, backend: str
) -> None:
    mail_server.opening = ConnectionRefusedError("Connection refused")
    mail_server.use(backend)
    ticket = create_ticket(created_by=reporter)
    assert HelpDeskTicket.objects.get() == ticket
    waiting = Notification.objects.filter(channel="email")
    assert {row.status for row in waiting} == {"wait"}
    assert all(row.error and row.due_datetime for row in waiting)
