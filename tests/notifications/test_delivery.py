"""Moving what waits: nothing lost, nothing twice, whatever fails."""

from __future__ import annotations

import smtplib
import threading
import uuid
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import DatabaseError, connections
from django.utils import timezone

from help_desk.models import HelpDeskTicket, Notification
from help_desk.notifications import delivery
from help_desk.notifications.channels.channel import Outcome
from tests import databases
from tests.channels import ScriptedChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Waiting = Callable[[int], list[Notification]]


@pytest.fixture
def waiting(make_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any) -> Waiting:
    """Writes rows that wait to be sent by e-mail."""
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVER_AFTER_COMMIT": False}

    def write(count: int) -> list[Notification]:
        event = make_ticket(created_by=reporter).events.get()
        now = timezone.now()
        Notification.objects.bulk_create(
            Notification(
                event=event,
                address=f"person{number}@example.com",
                channel="email",
                status="wait",
                created_datetime=now,
                due_datetime=now,
            )
            for number in range(count)
        )
        return list(Notification.objects.order_by("pk"))

    return write


@pytest.fixture
def channel(settings: Any) -> Iterator[type[ScriptedChannel]]:
    """Takes the place of e-mail; set `act` to say what happens to each row."""
    ScriptedChannel.reset()
    use(settings, "ScriptedChannel")
    yield ScriptedChannel
    ScriptedChannel.reset()


def use(settings: Any, name: str) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": [f"tests.channels.{name}"]}


def age(**values: Any) -> None:
    """Let time pass for every row that is not done."""
    Notification.objects.exclude(due_datetime=None).write(**values)


def report(**counts: int) -> delivery.DeliveryReport:
    return delivery.DeliveryReport(**counts)


def statuses() -> Counter[str]:
    return Counter(Notification.objects.values_list("status", flat=True))


# What the mail server says


def test_sent_row_says_when_and_is_not_sent_again(waiting: Waiting) -> None:
    (row,) = waiting(1)
    assert delivery.deliver() == report(sent=1)
    row.refresh_from_db()
    assert (row.status, row.attempts, row.error) == ("sent", 1, "")
    assert row.sent_datetime is not None
    assert (row.due_datetime, row.lease) == (None, None)
    age(due_datetime=timezone.now())
    assert delivery.deliver() == report()
    assert len(mail.outbox) == 1


def refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"a@example.com": (code, b"No such person")})


@pytest.mark.parametrize(
    "answer",
    [
        refused(550),
        smtplib.SMTPDataError(554, b"Looks like spam"),
        smtplib.SMTPNotSupportedError("SMTPUTF8 not supported"),
        ValueError("Header values can't contain newlines"),
    ],
    ids=["recipient-refused", "data-refused", "not-supported", "bad-header"],
)
def test_permanent_refusal_fails_that_row_only_and_says_why(
    waiting: Waiting, mail_server: Any, answer: Exception
) -> None:
    first, second = waiting(2)
    mail_server.answers = [answer]
    assert delivery.deliver() == report(failed=1, sent=1)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.due_datetime) == ("fail", None)
    assert type(answer).__name__ in first.error
    assert second.status == "sent"


@pytest.mark.parametrize(
    "answer",
    [
        refused(450),
        smtplib.SMTPDataError(451, b"Try later"),
        smtplib.SMTPServerDisconnected("Connection unexpectedly closed"),
        smtplib.SMTPHeloError(421, b"Closing"),
        TimeoutError("timed out"),
        ConnectionResetError("Connection reset by peer"),
        0,
    ],
    ids=["greylisted", "data", "disconnected", "helo", "timeout", "reset", "nothing-sent"],
)
def test_passing_refusal_is_tried_again_and_says_why(
    waiting: Waiting, mail_server: Any, answer: Exception | int
) -> None:
    row, _other = waiting(2)
    mail_server.answers = [answer]
    before = timezone.now()
    assert delivery.deliver() == report(retried=1, sent=1)
    row.refresh_from_db()
    assert (row.status, row.attempts, row.lease) == ("wait", 1, None)
    assert row.error
    assert row.due_datetime is not None
    assert row.due_datetime > before
    assert delivery.deliver() == report()
    age(due_datetime=timezone.now())
    assert delivery.deliver() == report(sent=1)
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
def test_rows_wait_for_an_unreachable_server_without_an_attempt_counting(
    waiting: Waiting, mail_server: Any, opening: Exception
) -> None:
    waiting(3)
    mail_server.opening = opening
    assert delivery.deliver() == report(postponed=3)
    for row in Notification.objects.all():
        assert (row.status, row.attempts, row.lease) == ("wait", 0, None)
        assert type(opening).__name__ in row.error
    assert delivery.deliver() == report()
    mail_server.opening = None
    age(due_datetime=timezone.now())
    assert delivery.deliver() == report(sent=3)
    assert len(mail_server.taken) == 3


def test_rows_wait_where_the_server_refuses_the_sender(waiting: Waiting, mail_server: Any) -> None:
    waiting(2)
    mail_server.answers = [smtplib.SMTPSenderRefused(550, b"Who are you?", "x@example.com")]
    assert delivery.deliver() == report(postponed=2)


def test_server_that_fails_again_and_again_is_left_alone(
    waiting: Waiting, mail_server: Any
) -> None:
    waiting(10)
    mail_server.answers = [smtplib.SMTPServerDisconnected("Bye")] * 10
    done = delivery.deliver()
    assert done.postponed > done.retried > 0
    assert done.postponed + done.retried == 10
    assert mail_server.taken == []


def test_one_connection_serves_a_batch(waiting: Waiting, mail_server: Any) -> None:
    waiting(5)
    delivery.deliver()
    assert (mail_server.opened, len(mail_server.taken)) == (1, 5)


def test_broken_farewell_changes_nothing(waiting: Waiting, mail_server: Any) -> None:
    waiting(1)
    mail_server.closing = smtplib.SMTPServerDisconnected("Bye")
    assert delivery.deliver() == report(sent=1)


@pytest.mark.parametrize(
    ("configured", "used"), [(None, 4), (7, 7)], ids=["no-time-out", "the-hosts-own"]
)
def test_waiting_for_the_server_has_a_limit_in_any_case(
    waiting: Waiting,
    mail_server: Any,
    settings: Any,
    configured: float | None,
    used: float,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "EMAIL_TIMEOUT": 4}
    mail_server.timeout = configured
    waiting(1)
    delivery.deliver()
    assert mail_server.timeouts == [used]
    mail_server.timeout = None


# Trying again, and giving up


def test_time_between_attempts_grows_up_to_a_limit() -> None:
    waits = [delivery.backoff(attempts) for attempts in range(40)]
    for attempts, wait in enumerate(waits):
        middle = min(delivery.FIRST_RETRY * 2 ** min(attempts, 20), delivery.LAST_RETRY)
        assert middle * 0.8 <= wait <= middle * 1.2


def test_row_that_cannot_be_sent_for_days_is_given_up(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    (row,) = waiting(1)
    channel.act = lambda row: "Busy"
    age(created_datetime=timezone.now() - delivery.GIVE_UP_AFTER + timedelta(hours=1))
    assert delivery.deliver() == report(retried=1)
    age(
        created_datetime=timezone.now() - delivery.GIVE_UP_AFTER - timedelta(hours=1),
        due_datetime=timezone.now(),
    )
    assert delivery.deliver() == report(failed=1)
    row.refresh_from_db()
    assert (row.status, row.due_datetime, row.error, row.attempts) == ("fail", None, "Busy", 2)


def test_row_that_is_not_due_yet_is_left(waiting: Waiting) -> None:
    waiting(1)
    age(due_datetime=timezone.now() + timedelta(minutes=1))
    assert delivery.deliver() == report()


# Channels of hosts


def test_row_waits_for_a_channel_that_is_not_set_up(waiting: Waiting, settings: Any) -> None:
    (row,) = waiting(1)
    settings.HELP_DESK = {"CHANNELS": []}
    assert delivery.deliver() == report(retried=1)
    row.refresh_from_db()
    assert "'email'" in row.error


def test_row_that_a_channel_chokes_on_does_not_hold_up_the_rest(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    rows = waiting(4)

    def choke(row: Notification) -> str:
        return {}["no such key"] if row == rows[1] else ""

    channel.act = choke
    assert delivery.deliver() == report(sent=3, retried=1)
    rows[1].refresh_from_db()
    assert "KeyError" in rows[1].error
    assert sorted(channel.sent) == [row.pk for row in rows if row != rows[1]]


def test_channel_that_chokes_on_everything_is_left_alone(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(10)
    channel.act = lambda row: 1 / 0
    done = delivery.deliver()
    assert done == report(retried=2, postponed=8)
    assert statuses() == {"wait": 10}


@pytest.mark.parametrize("name", ["MuteChannel", "BlockedChannel"])
def test_no_row_is_lost_or_stuck_with_a_channel_that_does_nothing(
    waiting: Waiting, settings: Any, name: str
) -> None:
    waiting(250)
    use(settings, name)
    assert delivery.deliver().handled == 250
    assert statuses() == {"wait": 250}
    assert not Notification.objects.filter(error="").exists()
    assert not Notification.objects.exclude(lease=None).exists()


def test_outcome_said_twice_or_of_a_strange_row_counts_once(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    first, second = waiting(2)
    channel.act = lambda row: Outcome(notification=first)
    delivery.deliver()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.attempts) == ("sent", 1)
    assert (second.status, second.lease) == ("wait", None)


# Several runs


def test_row_that_another_run_holds_is_not_sent(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    rows = waiting(3)
    others: list[delivery.DeliveryReport] = []
    channel.act = lambda row: others.append(delivery.deliver())
    assert delivery.deliver() == report(sent=3)
    assert others == [report()] * 3
    assert channel.sent == [row.pk for row in rows]


def test_row_that_another_run_takes_while_it_is_chosen_is_not_sent_twice(
    waiting: Waiting, channel: type[ScriptedChannel], database_alias: str
) -> None:
    rows = waiting(2)
    others: list[delivery.DeliveryReport] = []

    def take_first(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(report())
            others[0] = delivery.deliver()
        return execute(sql, *args)

    # Rows are chosen by reading and taken by writing; here another run comes in between.
    with connections[database_alias].execute_wrapper(take_first):
        assert delivery.deliver(event_id=rows[0].event_id) == report()
    assert others == [report(sent=2)]
    assert channel.sent == [row.pk for row in rows]


def test_row_of_a_run_that_died_is_taken_up_when_its_lease_ends(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(2)
    age(lease=uuid.uuid4(), due_datetime=timezone.now() + timedelta(seconds=30))
    assert delivery.deliver() == report()
    age(due_datetime=timezone.now() - timedelta(seconds=1))
    assert delivery.deliver() == report(sent=2)


def test_run_that_is_stopped_gives_its_rows_back(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(3)

    def stop(row: Notification) -> None:
        if channel.sent:
            raise KeyboardInterrupt

    channel.act = stop
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver()
    channel.act = lambda row: None
    assert delivery.deliver() == report(sent=2)
    assert len(set(channel.sent)) == len(channel.sent) == 3


def test_slow_run_does_not_overwrite_what_came_of_a_row_it_lost(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    (row,) = waiting(1)

    def lose(row: Notification) -> str:
        channel.act = lambda row: None
        age(due_datetime=timezone.now())
        assert delivery.deliver() == report(sent=1)
        return "Too late"

    channel.act = lose
    delivery.deliver()
    row.refresh_from_db()
    assert (row.status, row.error) == ("sent", "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    databases.chosen() == databases.SQLITE, reason="a SQLite database in memory has one writer"
)
def test_parallel_runs_send_each_row_once(waiting: Waiting, channel: type[ScriptedChannel]) -> None:
    rows = waiting(300)
    start = threading.Barrier(4)
    reports: list[delivery.DeliveryReport] = []

    def run() -> None:
        try:
            start.wait()
            reports.append(delivery.deliver())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 4
    # MariaDB also locks, for a moment, rows that a run only looks at; others skip them then.
    reports.append(delivery.deliver())
    assert sorted(channel.sent) == [row.pk for row in rows]
    assert sum(done.sent for done in reports) == len(rows)


# Limits, and trouble with the database


def test_run_stops_at_the_number_of_rows_it_is_given(waiting: Waiting) -> None:
    waiting(5)
    assert delivery.deliver(max_rows=2) == report(sent=2)
    assert statuses() == {"sent": 2, "wait": 3}


def test_run_stops_when_its_time_is_up_and_gives_the_rest_back(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(3)
    assert delivery.deliver(max_time=timedelta(0)) == report(sent=1)
    assert not Notification.objects.exclude(lease=None).exists()
    assert delivery.deliver() == report(sent=2)


@pytest.mark.parametrize("count", [0, 1, 100, 101, 200])
def test_run_goes_on_until_nothing_is_due(waiting: Waiting, count: int) -> None:
    waiting(count)
    assert delivery.deliver() == report(sent=count)


@pytest.mark.django_db(transaction=True)
def test_result_whose_record_fails_is_recorded_at_the_second_try(
    waiting: Waiting, channel: type[ScriptedChannel], database_alias: str
) -> None:
    (row,) = waiting(1)
    failures = [DatabaseError("deadlock detected")]

    def fail(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if channel.sent and failures:
            raise failures.pop()
        return execute(sql, *args)

    with connections[database_alias].execute_wrapper(fail):
        assert delivery.deliver() == report(sent=1)
    assert channel.sent == [row.pk]
    assert statuses() == {"sent": 1}


def test_number_of_queries_to_claim_does_not_grow_with_the_rows(
    waiting: Waiting, channel: type[ScriptedChannel], capture_queries: Callable[[], Any]
) -> None:
    counts = []
    for count in (2, 50):
        waiting(count)
        with capture_queries() as queries:
            assert delivery.deliver() == report(sent=count)
        counts.append(len(queries) - count)  # one for each result
    assert counts[0] == counts[1]
