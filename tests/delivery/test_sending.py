"""Sending email: the state of a row after each reply of the mail server."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.utils import timezone

from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support.delivery import update_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    Waiting = Callable[[int], list[Notification]]


def test_sent_row_records_its_date_and_is_not_sent_again(waiting: Waiting) -> None:
    (row,) = waiting(1)
    assert deliver() == DeliveryReport(sent=1)
    row.refresh_from_db()
    assert (row.status, row.attempts, row.error) == ("sent", 1, "")
    assert row.sent_datetime is not None
    assert (row.due_datetime, row.lease) == (None, None)
    update_waiting(due_datetime=timezone.now())
    assert deliver() == DeliveryReport()
    assert len(mail.outbox) == 1


def recipient_refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"a@example.com": (code, b"No such user")})


@pytest.mark.parametrize(
    "reply",
    [
        recipient_refused(550),
        smtplib.SMTPDataError(554, b"Looks like spam"),
        smtplib.SMTPNotSupportedError("SMTPUTF8 not supported"),
        ValueError("Header values can't contain newlines"),
    ],
    ids=["recipient-refused", "data-refused", "not-supported", "bad-header"],
)
def test_permanent_error_fails_only_that_row_and_records_the_reason(
    waiting: Waiting, mail_server: Any, reply: Exception
) -> None:
    first, second = waiting(2)
    mail_server.replies = [reply]
    assert deliver() == DeliveryReport(failed=1, sent=1)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.due_datetime) == ("fail", None)
    assert first.error
    assert second.status == "sent"


@pytest.mark.parametrize(
    "reply",
    [
        recipient_refused(450),
        smtplib.SMTPDataError(451, b"Try later"),
        smtplib.SMTPServerDisconnected("Connection unexpectedly closed"),
        smtplib.SMTPHeloError(421, b"Closing"),
        ConnectionResetError("Connection reset by peer"),
        0,
    ],
    ids=["greylisted", "data", "disconnected", "helo", "reset", "nothing-sent"],
)
def test_temporary_error_is_retried_and_its_reason_recorded(
    waiting: Waiting, mail_server: Any, reply: Exception | int
) -> None:
    row, _other = waiting(2)
    mail_server.replies = [reply]
    before = timezone.now()
    assert deliver() == DeliveryReport(retried=1, sent=1)
    row.refresh_from_db()
    assert (row.status, row.attempts, row.lease) == ("wait", 1, None)
    assert row.error
    assert row.due_datetime is not None
    assert row.due_datetime > before
    assert deliver() == DeliveryReport()
    update_waiting(due_datetime=timezone.now())
    assert deliver() == DeliveryReport(sent=1)
    row.refresh_from_db()
    assert (row.status, row.attempts, row.error) == ("sent", 2, "")


@pytest.mark.parametrize(
    "opening",
    [
        ConnectionRefusedError("Connection refused"),
        smtplib.SMTPAuthenticationError(535, b"Wrong password"),
        smtplib.SMTPConnectError(421, b"Too many connections"),
        TimeoutError("timed out"),
    ],
    ids=["down", "password", "busy", "timeout"],
)
def test_rows_are_deferred_without_an_attempt_if_the_server_is_unreachable(
    waiting: Waiting, mail_server: Any, opening: Exception
) -> None:
    waiting(3)
    mail_server.opening = opening
    assert deliver() == DeliveryReport(deferred=3)
    for row in Notification.objects.all():
        assert (row.status, row.attempts, row.lease) == ("wait", 0, None)
        assert row.error.startswith("Cannot connect to the mail server (")
    assert deliver() == DeliveryReport()
    mail_server.opening = None
    update_waiting(due_datetime=timezone.now())
    assert deliver() == DeliveryReport(sent=3)
    assert len(mail_server.accepted) == 3


def test_rows_are_deferred_if_the_server_rejects_the_sender(
    waiting: Waiting, mail_server: Any
) -> None:
    waiting(2)
    mail_server.replies = [smtplib.SMTPSenderRefused(550, b"Sender unknown", "x@example.com")]
    assert deliver() == DeliveryReport(deferred=2)


def test_server_that_keeps_failing_defers_the_other_rows(
    waiting: Waiting, mail_server: Any
) -> None:
    waiting(10)
    mail_server.replies = [smtplib.SMTPServerDisconnected("Bye")] * 10
    report = deliver()
    assert report.deferred > report.retried > 0
    assert report.deferred + report.retried == 10
    assert mail_server.accepted == []
