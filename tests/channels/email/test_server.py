"""The effect of mail server errors on a batch."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from help_desk.channels import ChannelUnavailableError, SendResult
from help_desk.channels.email.channel import EmailChannel
from help_desk.models import HelpDeskTicket, Notification

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.hosts("default", "custom_user", "login_required", "multi_db", "use_tz_false"),
]


@pytest.fixture
def rows(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, developer: Any, settings: Any
) -> list[Notification]:
    """Five rows, one message each."""
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command", "EMAIL_TIMEOUT": 4}
    settings.ADMINS = ["ada@example.com"]
    for _number in range(5):
        create_ticket(created_by=reporter)
    return list(Notification.objects.filter(channel="email").with_tickets())


def send(rows: Sequence[Notification]) -> list[SendResult]:
    return list(EmailChannel().send(rows))


def recipients_refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"a@example.com": (code, b"No such user")})


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (recipients_refused(550), "The mail server rejected the recipient: 550 No such user"),
        (smtplib.SMTPDataError(554, b"Spam"), "The mail server rejected the message: 554 Spam"),
        (
            smtplib.SMTPSenderRefused(552, b"Too large", "x@example.com"),
            "The mail server rejected the message: 552 Too large",
        ),
        (
            smtplib.SMTPNotSupportedError("SMTPUTF8 not supported"),
            "The message is invalid (SMTPUTF8 not supported).",
        ),
        (ValueError("Invalid address"), "The message is invalid (invalid address)."),
    ],
    ids=["recipient", "data", "too-large", "not-supported", "bad-header"],
)
def test_permanent_error_fails_one_message(
    rows: list[Notification], mail_server: Any, reply: Exception, error: str
) -> None:
    mail_server.replies = [reply]
    first, *others = send(rows)
    assert (first.error, first.is_permanent) == (error, True)
    assert {result.error for result in others} == {""}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (recipients_refused(450), "The mail server rejected the recipient: 450 No such user"),
        (smtplib.SMTPDataError(451, b"Later"), "The mail server rejected the message: 451 Later"),
        (smtplib.SMTPDataError(421, b"Bye"), "The mail server rejected the message: 421 Bye"),
        (
            smtplib.SMTPServerDisconnected("Connection unexpectedly closed"),
            "The connection to the mail server failed (connection unexpectedly closed).",
        ),
        (
            smtplib.SMTPHeloError(421, b"Bye"),
            "The connection to the mail server failed (421 Bye).",
        ),
        (0, "The mail backend reported that no message was sent."),
    ],
    ids=["greylisted", "data", "closing", "disconnected", "helo", "nothing-sent"],
)
def test_temporary_error_is_retried(
    rows: list[Notification], mail_server: Any, reply: Exception | int, error: str
) -> None:
    mail_server.replies = [reply]
    first, *others = send(rows)
    assert (first.error, first.is_permanent) == (error, False)
    assert {result.error for result in others} == {""}


def test_channel_is_unavailable_if_the_server_does_not_respond(
    rows: list[Notification], mail_server: Any
) -> None:
    disconnected = smtplib.SMTPServerDisconnected("Connection unexpectedly closed: timed out")
    disconnected.__context__ = TimeoutError("timed out")  # as smtplib raises it
    for error in (TimeoutError("timed out"), disconnected):
        mail_server.replies = [error]
        with pytest.raises(ChannelUnavailableError) as caught:
            send(rows)
        assert str(caught.value) == "The mail server did not respond in time."
        assert list(caught.value.attempted) == rows[:1]


@pytest.mark.parametrize(
    ("opening", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (smtplib.SMTPAuthenticationError(535, b"Wrong password"), "535 Wrong password"),
        (TimeoutError("timed out"), "timed out"),
        (smtplib.SMTPException(), "SMTPException"),
    ],
    ids=["refused", "password", "timeout", "no-text"],
)
@pytest.mark.parametrize(
    ("host", "port", "server"),
    [("127.0.0.1", 2525, " at 127.0.0.1:2525"), (None, None, "")],
    ids=["address", "no-address"],
)
def test_channel_is_unavailable_without_a_connection(
    rows: list[Notification],
    mail_server: Any,
    opening: Exception,
    reason: str,
    host: str | None,
    port: int | None,
    server: str,
) -> None:
    mail_server.opening, mail_server.host, mail_server.port = opening, host, port
    with pytest.raises(ChannelUnavailableError) as caught:
        send(rows)
    assert str(caught.value) == f"Cannot connect to the mail server{server} ({reason})."


def test_channel_is_unavailable_if_the_sender_is_rejected(
    rows: list[Notification], mail_server: Any
) -> None:
    mail_server.replies = [smtplib.SMTPSenderRefused(550, b"Unknown", "x@example.com")]
    with pytest.raises(ChannelUnavailableError, match="rejected the sender: 550 Unknown"):
        send(rows)


def test_channel_is_unavailable_after_several_failures_in_a_row(
    rows: list[Notification], mail_server: Any
) -> None:
    mail_server.replies = [smtplib.SMTPServerDisconnected("Bye")] * len(rows)
    results = EmailChannel().send(rows)
    assert next(results).error
    assert next(results).error
    with pytest.raises(ChannelUnavailableError, match=r"failed 3 times \(bye\)"):
        next(results)


def test_lost_connection_is_opened_again(rows: list[Notification], mail_server: Any) -> None:
    mail_server.replies = [smtplib.SMTPDataError(421, b"Closing")]
    send(rows)
    assert mail_server.opened == 2


def test_one_connection_serves_a_batch(rows: list[Notification], mail_server: Any) -> None:
    send(rows)
    assert (mail_server.opened, len(mail_server.accepted)) == (1, len(rows))


def test_error_while_closing_is_ignored(rows: list[Notification], mail_server: Any) -> None:
    mail_server.closing = smtplib.SMTPServerDisconnected("Bye")
    assert {result.error for result in send(rows)} == {""}


@pytest.mark.parametrize(("configured", "used"), [(None, 4), (7, 7)], ids=["default", "host"])
def test_connection_always_has_a_timeout(
    rows: list[Notification], mail_server: Any, configured: float | None, used: float
) -> None:
    mail_server.timeout = configured
    send(rows)
    mail_server.timeout = None
    assert mail_server.timeouts == [used]
