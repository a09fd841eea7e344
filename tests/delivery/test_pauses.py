"""Pauses of unavailable channels: no process waits for a server that does not respond."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.utils import timezone

from help_desk.delivery import retry, runner
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import ChannelPause, Notification
from tests.support.channels import OtherChannel, ScriptedChannel
from tests.support.delivery import Clock, statuses, update_waiting, use_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from help_desk.models import HelpDeskTicket

    Waiting = Callable[[int], list[Notification]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that is ahead of the one that dates new rows, so that these are due."""
    clock = Clock(monkeypatch)
    clock.advance(timedelta(hours=1))
    return clock


@pytest.fixture
def submit(
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    database_alias: str,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> Callable[[], int]:
    """Create a ticket, deliver after its commit, and return the number of its emails."""

    def create() -> int:
        with django_capture_on_commit_callbacks(using=database_alias, execute=True):
            ticket = create_ticket(created_by=reporter)
        return Notification.objects.filter(event__ticket=ticket, channel="email").count()

    return create


def send_after_commit(row: Notification) -> None:
    runner.deliver_after_commit(event_id=row.event_id, using=str(row._state.db))


def waiting_emails() -> int:
    return Notification.objects.filter(channel="email").waiting().count()


TIMEOUTS = {
    "connect": {"opening": TimeoutError("timed out")},
    "send": {"replies": [TimeoutError("timed out")] * 9},
}


@pytest.mark.parametrize("moment", TIMEOUTS)
def test_one_delivery_waits_for_a_server_that_does_not_respond(
    submit: Callable[[], int], mail_server: Any, clock: Clock, moment: str
) -> None:
    for name, value in TIMEOUTS[moment].items():
        setattr(mail_server, name, value)
    total = submit() + submit() + submit()
    assert mail_server.opened == 1
    assert waiting_emails() == total
    # The pause is over: again, one waits.
    clock.advance(retry.CHANNEL_PAUSE)
    total += submit() + submit()
    assert mail_server.opened == 2
    assert waiting_emails() == total


def test_waiting_emails_are_sent_after_the_pause_together_with_new_ones(
    submit: Callable[[], int], mail_server: Any, clock: Clock
) -> None:
    mail_server.opening = TimeoutError("timed out")
    total = submit() + submit()
    mail_server.opening = None
    # A row that the first delivery deferred is due up to a fifth later.
    clock.advance(retry.CHANNEL_PAUSE * 1.2)
    total += submit()
    assert len(mail_server.accepted) == total
    assert not ChannelPause.objects.exists()


def test_deferred_emails_are_sent_by_the_command_during_the_pause(
    submit: Callable[[], int], mail_server: Any
) -> None:
    mail_server.opening = TimeoutError("timed out")
    submit()
    later = submit()
    mail_server.opening = None
    # A run that was asked for tries the server; the rows of the first ticket are not due.
    assert deliver() == DeliveryReport(sent=later)
    assert not ChannelPause.objects.exists()
    assert submit() == later
    assert len(mail_server.accepted) == 2 * later


def test_timeout_counts_as_an_attempt_for_its_message_only(
    waiting: Waiting, mail_server: Any
) -> None:
    first, *others = waiting(3)
    mail_server.replies = [TimeoutError("timed out")]
    assert deliver() == DeliveryReport(retried=1, deferred=2)
    assert mail_server.opened == 1
    attempts = dict(Notification.objects.values_list("pk", "attempts"))
    assert attempts == {first.pk: 1} | dict.fromkeys((row.pk for row in others), 0)
    errors = set(Notification.objects.values_list("error", flat=True))
    assert errors == {"The mail server did not respond in time."}


def test_other_channels_are_used_during_a_pause(waiting: Waiting, settings: Any) -> None:
    (row,) = waiting(1)
    use_channels(settings, "UnavailableChannel", "OtherChannel")
    Notification.objects.create(
        event=row.event,
        address="developer0@example.com",
        channel="other",
        status="wait",
        due_datetime=timezone.now(),
    )
    ChannelPause.objects.create(
        channel="email",
        started_datetime=timezone.now(),
        until_datetime=timezone.now() + retry.CHANNEL_PAUSE,
    )
    OtherChannel.reset()
    send_after_commit(row)
    assert statuses() == {"sent": 1, "wait": 1}
    row.refresh_from_db()
    assert (row.lease, row.error) == (None, "")


@pytest.fixture
def ended_pause(db: None) -> ChannelPause:
    """A pause of the email channel that is just over."""
    now = timezone.now()
    return ChannelPause.objects.create(
        channel="email", started_datetime=now - retry.CHANNEL_PAUSE, until_datetime=now
    )


def test_no_run_uses_the_channel_while_another_one_tries_it(
    waiting: Waiting, channel: type[ScriptedChannel], ended_pause: ChannelPause
) -> None:
    first, second = waiting(1)[0], waiting(1)[1]
    during: list[dict[str, int]] = []

    def submit_another(row: Notification) -> None:
        if row == first:
            send_after_commit(second)
            during.append(statuses())

    channel.act = submit_another
    send_after_commit(first)
    assert during == [{"wait": 2}]
    # The first worked: the pause is over, and the rest of the backlog is sent.
    assert statuses() == {"sent": 2}
    assert not ChannelPause.objects.exists()


def test_of_runs_that_read_the_end_of_a_pause_only_one_tries_the_channel(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    ended_pause: ChannelPause,
    database_alias: str,
) -> None:
    first, second = waiting(1)[0], waiting(1)[1]
    busy: list[str] = []

    @contextmanager
    def another_run_in_between() -> Iterator[None]:
        def run(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            if sql.startswith("UPDATE") and "channel_pause" in sql and not busy:
                busy.append("The other run is busy.")
                channel.act = lambda row: busy[0]
                send_after_commit(second)
            return execute(sql, *args)

        with connections[database_alias].execute_wrapper(run):
            yield

    with another_run_in_between():
        send_after_commit(first)
    assert channel.sent == []
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.attempts, first.lease, second.attempts) == (0, None, 1)
    assert first.due_datetime is not None
    assert first.due_datetime <= timezone.now()


def test_process_that_was_killed_while_it_tried_the_channel_blocks_it_for_one_more_pause(
    waiting: Waiting, channel: type[ScriptedChannel], ended_pause: ChannelPause, clock: Clock
) -> None:
    (row,) = waiting(1)

    def die(row: Notification) -> None:
        raise KeyboardInterrupt

    channel.act = die
    with pytest.raises(KeyboardInterrupt):
        send_after_commit(row)
    channel.act = lambda row: None
    send_after_commit(row)
    assert statuses() == {"wait": 1}
    clock.advance(retry.CHANNEL_PAUSE)
    send_after_commit(row)
    assert statuses() == {"sent": 1}


def test_repeated_unexpected_errors_pause_the_channel(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(10)
    channel.act = lambda row: 1 / 0
    assert deliver().deferred == 8
    pause = ChannelPause.objects.get()
    assert pause.error == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize("minutes", [-2, 2], ids=["behind", "ahead"])
def test_clock_of_another_machine_lengthens_or_shortens_a_pause_but_loses_nothing(
    submit: Callable[[], int], mail_server: Any, clock: Clock, minutes: int
) -> None:
    mail_server.opening = TimeoutError("timed out")
    total = submit()
    difference = timedelta(minutes=minutes)
    mail_server.opening = None
    for _ in range(4):
        with clock.shifted(difference):
            total += submit()
        clock.advance(retry.CHANNEL_PAUSE)
    total += submit()
    assert len(mail_server.accepted) == total
    assert not ChannelPause.objects.exists()


def test_healthy_channels_cost_one_query_per_commit(
    submit: Callable[[], int], capture_queries: Callable[[], Any]
) -> None:
    submit()
    with capture_queries() as queries:
        submit()
    assert len([query for query in queries if "channel_pause" in query["sql"]]) == 1


def test_rows_that_are_sent_again_do_not_wait_for_the_end_of_a_pause(
    waiting: Waiting, mail_server: Any, database_alias: str
) -> None:
    waiting(2)
    mail_server.opening = TimeoutError("timed out")
    deliver()
    mail_server.opening = None
    update_waiting(due_datetime=timezone.now())
    runner.deliver_after_commit(event_id=None, using=database_alias)
    assert statuses() == {"sent": 2}
