"""Moving what waits: nothing lost, nothing twice, whatever fails."""

from __future__ import annotations

import smtplib
import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import OperationalError, connections
from django.utils import timezone

from help_desk.channels.base import SendResult
from help_desk.delivery import batch
from help_desk.delivery import retry as retries
from help_desk.delivery import runner as delivery
from help_desk.delivery.run import Run
from help_desk.models import HelpDeskTicket, Notification
from tests.support import databases
from tests.support.channels import ScriptedChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Waiting = Callable[[int], list[Notification]]


MANY = 300
"""More than any test needs."""


@pytest.fixture
def waiting(make_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any) -> Waiting:
    """Writes rows that wait to be sent by e-mail, to developers without an account."""
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}
    settings.ADMINS = [f"person{number}@example.com" for number in range(MANY)]

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


def use(settings: Any, *names: str) -> None:
    paths = [f"tests.support.channels.{name}" for name in names]
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": paths}


def age(**values: Any) -> None:
    """Let time pass for every row that is not done."""
    Notification.objects.exclude(due_datetime=None).write(**values)


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def advance(self, time: timedelta) -> None:
        self.now += time


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
    assert delivery.deliver() == report(deferred=3)
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
    assert delivery.deliver() == report(deferred=2)


def test_message_that_is_too_large_does_not_hold_up_the_rest(
    waiting: Waiting, mail_server: Any
) -> None:
    row, _other = waiting(2)
    mail_server.answers = [smtplib.SMTPSenderRefused(552, b"Over the limit", "x@example.com")]
    assert delivery.deliver() == report(failed=1, sent=1)
    row.refresh_from_db()
    assert "refuses the message: 552 Over the limit" in row.error


def test_server_that_hangs_up_politely_is_called_again(waiting: Waiting, mail_server: Any) -> None:
    waiting(3)
    mail_server.answers = [smtplib.SMTPDataError(421, b"Closing")]
    assert delivery.deliver() == report(retried=1, sent=2)
    assert mail_server.opened == 2


def test_refusal_is_told_in_words(waiting: Waiting, mail_server: Any) -> None:
    (row,) = waiting(1)
    mail_server.answers = [refused(550)]
    delivery.deliver()
    row.refresh_from_db()
    assert row.error.startswith("The mail server refuses the recipient: 550 No such person")


def test_server_that_fails_again_and_again_is_left_alone(
    waiting: Waiting, mail_server: Any
) -> None:
    waiting(10)
    mail_server.answers = [smtplib.SMTPServerDisconnected("Bye")] * 10
    done = delivery.deliver()
    assert done.deferred > done.retried > 0
    assert done.deferred + done.retried == 10
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
    waits = [retries.backoff(attempts) for attempts in range(40)]
    for attempts, wait in enumerate(waits):
        middle = min(retries.FIRST_RETRY * 2 ** min(attempts, 20), retries.LAST_RETRY)
        assert middle * 0.8 <= wait <= middle * 1.2


def test_row_that_cannot_be_sent_for_days_is_given_up(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    (row,) = waiting(1)
    channel.act = lambda row: "Busy"
    limit = timezone.now() - retries.GIVE_UP_AFTER
    age(attempts=50, scheduled_datetime=limit + timedelta(hours=1))
    assert delivery.deliver() == report(retried=1)
    age(scheduled_datetime=limit - timedelta(hours=1), due_datetime=timezone.now())
    assert delivery.deliver() == report(failed=1)
    row.refresh_from_db()
    assert (row.status, row.due_datetime, row.error, row.attempts) == ("fail", None, "Busy", 52)


def test_row_is_not_given_up_because_the_server_was_away_for_days(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(1)
    channel.act = lambda row: "Come again later"
    results = []
    for _ in range(retries.MIN_ATTEMPTS):
        age(
            created_datetime=timezone.now() - timedelta(days=30),
            due_datetime=timezone.now(),
        )
        results.append(delivery.deliver())
    assert results == [report(retried=1)] * (retries.MIN_ATTEMPTS - 1) + [report(failed=1)]


def test_new_row_is_not_given_up_with_an_old_one_in_the_same_message(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    old, new = waiting(2)
    Notification.objects.filter(pk=old.pk).write(
        attempts=50, scheduled_datetime=timezone.now() - timedelta(days=30)
    )

    def refuse_both(row: Notification) -> SendResult:
        rows = list(Notification.objects.order_by("pk"))
        return SendResult(notifications=rows, error="Busy")

    channel.act = refuse_both
    assert delivery.deliver() == report(failed=1, retried=1)
    new.refresh_from_db()
    assert (new.status, new.attempts) == ("wait", 1)
    assert new.due_datetime is not None
    assert new.due_datetime < timezone.now() + 2 * retries.FIRST_RETRY


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
    assert done == report(retried=2, deferred=8)
    assert statuses() == {"wait": 10}


def test_no_row_is_lost_or_stuck_with_a_channel_that_says_nothing(
    waiting: Waiting, settings: Any
) -> None:
    waiting(250)
    use(settings, "MuteChannel")
    assert delivery.deliver() == report(retried=250)
    assert statuses() == {"wait": 250}
    assert not Notification.objects.filter(error="").exists()
    assert not Notification.objects.exclude(lease=None).exists()


def test_run_does_not_knock_twice_where_nothing_can_leave(waiting: Waiting, settings: Any) -> None:
    waiting(250)
    use(settings, "BlockedChannel", "OtherChannel")
    other = Notification.objects.latest("pk").event
    Notification.objects.create(
        event=other,
        address="person0@example.com",
        channel="other",
        status="wait",
        due_datetime=timezone.now() + timedelta(microseconds=1),
    )
    assert delivery.deliver() == report(sent=1, deferred=100)
    assert statuses() == {"wait": 250, "sent": 1}
    assert not Notification.objects.exclude(lease=None).exists()
    # The others are as due as they were; the next run knocks again.
    assert delivery.deliver() == report(deferred=100)


def test_outcome_said_twice_or_of_a_strange_row_counts_once(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    first, second = waiting(2)
    channel.act = lambda row: SendResult(notifications=(first,))
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


@pytest.mark.skipif(
    databases.chosen() != databases.SQLITE,
    reason="rows are locked and passed over here, which takes two connections to see",
)
def test_row_that_another_run_took_between_the_look_and_the_claim_is_left_to_it(
    waiting: Waiting, channel: type[ScriptedChannel], database_alias: str
) -> None:
    rows = waiting(3)
    others: list[delivery.DeliveryReport] = []

    def be_slower(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(report())
            others.append(delivery.deliver(max_rows=2))
        return execute(sql, *args)

    with connections[database_alias].execute_wrapper(be_slower):
        assert delivery.deliver() == report(sent=1)
    assert others[1] == report(sent=2)
    assert sorted(channel.sent) == [row.pk for row in rows]


def test_row_of_a_run_that_died_is_taken_up_when_its_lease_ends(
    waiting: Waiting, channel: type[ScriptedChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    waiting(2)
    # A killed process gives nothing back.
    dead = batch.Batch(Run(using=Notification.objects.db))
    assert dead.take(10) == 2
    clock.now += batch.LEASE - timedelta(seconds=1)
    assert delivery.deliver() == report()
    clock.now += timedelta(seconds=1)
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


def test_run_that_is_slow_for_its_lease_takes_new_leases(
    waiting: Waiting, channel: type[ScriptedChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    rows = waiting(8)
    leases = []

    def take_a_minute(row: Notification) -> None:
        row.refresh_from_db()
        assert row.due_datetime is not None
        assert row.due_datetime - clock.now >= batch.LEASE_RESERVE - timedelta(minutes=1)
        leases.append(row.lease)
        clock.now += timedelta(minutes=1)

    channel.act = take_a_minute
    assert delivery.deliver() == report(sent=8)
    assert sorted(channel.sent) == [row.pk for row in rows]
    assert len(set(leases)) == 3


def test_run_stops_where_it_is_told_to(waiting: Waiting, channel: type[ScriptedChannel]) -> None:
    waiting(5)
    done = delivery.deliver(stop=lambda: len(channel.sent) == 2)
    assert done == report(sent=2)
    assert not Notification.objects.exclude(lease=None).exists()


def test_progress_is_told_after_each_message(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(3)
    seen: list[int] = []
    delivery.deliver(progress=lambda done: seen.append(done.sent))
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("most", [50, 3])
def test_what_is_sent_after_a_commit_is_bounded(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    database_alias: str,
) -> None:
    clock = Clock(monkeypatch)
    left_over, own = waiting(100)[0].event_id, waiting(100)[-1].event_id
    assert left_over != own
    pace = delivery.AFTER_COMMIT_TIME / (2.5 if most == 3 else 1000)
    channel.act = lambda row: clock.advance(pace)
    delivery.deliver_after_commit(event_id=own, using=database_alias)
    sent = Counter(Notification.objects.filter(status="sent").values_list("event_id", flat=True))
    expected = {own: 50, left_over: 20} if most == 50 else {own: 3}
    assert sent == expected
    assert not Notification.objects.exclude(lease=None).exists()


class Broken:
    """A database that fails as often as it is told, in updates of one column."""

    def __init__(self, times: int, says: str, alias: str) -> None:
        self.times, self.says = times, says
        self.wrapper = connections[alias].execute_wrapper(self)

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and self.says in sql and self.times:
            self.times -= 1
            message = "deadlock detected"
            raise OperationalError(message)
        return execute(sql, *args)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is asked again without waiting."""
    monkeypatch.setattr(batch, "RETRY_DELAYS", (0,) * len(batch.RETRY_DELAYS))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("says", ["lease", "attempts"], ids=["claim", "record"])
def test_what_fails_in_passing_is_asked_again(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    database_alias: str,
    at_once: None,
    says: str,
) -> None:
    (row,) = waiting(1)
    with Broken(len(batch.RETRY_DELAYS), says, database_alias).wrapper:
        assert delivery.deliver() == report(sent=1)
    assert channel.sent == [row.pk]
    assert statuses() == {"sent": 1}


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_and_cannot_be_recorded_waits_for_its_lease_to_end(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    database_alias: str,
    at_once: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    first, *others = waiting(3)
    broken = Broken(0, "attempts", database_alias)
    channel.act = lambda row: setattr(broken, "times", len(batch.RETRY_DELAYS) + 1)
    with broken.wrapper, pytest.raises(OperationalError):
        delivery.deliver()
    channel.act = lambda row: None
    # The others were given back; this one may not be sent twice for a hiccup.
    assert delivery.deliver() == report(sent=2)
    assert sorted(channel.sent) == [first.pk, *(row.pk for row in others)]
    clock.now += batch.LEASE
    assert delivery.deliver() == report(sent=1)
    assert channel.sent.count(first.pk) == 2


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
