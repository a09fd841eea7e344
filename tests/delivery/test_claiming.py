"""Concurrent runs: claims and leases."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.utils import timezone

from help_desk.delivery import batch
from help_desk.delivery.pauses import Pauses
from help_desk.delivery.run import Run
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support import databases
from tests.support.channels import ScriptedChannel
from tests.support.delivery import Clock, interrupted_at, update_waiting
from tests.support.threads import needs_concurrent_writers, run_in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable

    Replies = Callable[[], list[Notification]]
    Waiting = Callable[[int], list[Notification]]


def test_row_claimed_by_another_run_is_not_sent(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    rows = waiting(3)
    others: list[DeliveryReport] = []
    channel.act = lambda row: others.append(deliver())
    assert deliver() == DeliveryReport(sent=3)
    assert others == [DeliveryReport()] * 3
    assert channel.sent == [row.pk for row in rows]


def test_row_of_an_event_that_another_run_claims_meanwhile_is_sent_once(
    waiting: Waiting, channel: type[ScriptedChannel], database_alias: str
) -> None:
    rows = waiting(2)
    others: list[DeliveryReport] = []

    def claim_first(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(DeliveryReport())
            others[0] = deliver()
        return execute(sql, *args)

    # Candidates are read, then claimed by an UPDATE; another run claims them in between.
    with connections[database_alias].execute_wrapper(claim_first):
        assert deliver(event_id=rows[0].event_id) == DeliveryReport()
    assert others == [DeliveryReport(sent=2)]
    assert channel.sent == [row.pk for row in rows]


@pytest.mark.skipif(
    databases.chosen() != databases.SQLITE,
    reason="with SKIP LOCKED, only a second connection could claim in between",
)
def test_row_that_another_run_claims_meanwhile_is_sent_once(
    waiting: Waiting, channel: type[ScriptedChannel], database_alias: str
) -> None:
    rows = waiting(3)
    others: list[DeliveryReport] = []

    def let_another_run_claim(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(DeliveryReport())
            others.append(deliver(max_rows=2))
        return execute(sql, *args)

    with connections[database_alias].execute_wrapper(let_another_run_claim):
        assert deliver() == DeliveryReport(sent=1)
    assert others[1] == DeliveryReport(sent=2)
    assert sorted(channel.sent) == [row.pk for row in rows]


def test_runs_of_the_same_moment_send_and_release_only_rows_of_their_own(
    waiting: Waiting, channel: type[ScriptedChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = waiting(4)
    # Their leases end at the same time.
    Clock(monkeypatch)
    others: list[DeliveryReport] = []

    def run_others(row: Notification) -> None:
        channel.act = lambda row: None
        # One that releases two rows, and one that sends them.
        others.append(deliver(max_time=timedelta(0)))
        others.append(deliver())

    channel.act = run_others
    assert deliver(max_rows=1) == DeliveryReport(sent=1)
    assert others == [DeliveryReport(sent=1), DeliveryReport(sent=2)]
    assert sorted(channel.sent) == [row.pk for row in rows]


@pytest.mark.parametrize("window", [60, 3600], ids=["short", "longer-than-a-lease"])
def test_row_that_another_run_sends_is_not_added_to_a_message(
    replies: Replies, settings: Any, window: int
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANGES_WINDOW": window}
    first, second = replies()
    now = timezone.now()
    # Claimed by another run, and by the clock due before the window ends.
    lease = uuid.uuid4()
    Notification.objects.filter(pk=first.pk).write(lease=lease, due_datetime=now + batch.LEASE)
    assert deliver() == DeliveryReport(sent=1)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.lease, second.status) == ("wait", lease, "sent")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_killed", [False, True], ids=["sends", "only-claims"])
def test_run_that_another_one_interrupts_at_any_statement_leaves_it_its_rows(
    replies: Replies, database_alias: str, *, is_killed: bool
) -> None:
    rows = replies()
    number = 0
    statements = [""]
    while len(statements) > number:
        number += 1
        # The first run claims one row, then the other one for the same message, unless another
        # run was faster.
        ids = [row.pk for row in rows]
        Notification.objects.filter(pk__in=ids).write(
            status="wait", due_datetime=timezone.now(), lease=None
        )
        handled: list[int] = []

        def handle(*, is_killed: bool, handled: list[int] = handled) -> None:
            run = Run(using=database_alias, pauses=Pauses(database_alias))
            handled.append(batch.Batch(run).claim_due(10) if is_killed else deliver().sent)

        another = partial(handle, is_killed=is_killed)
        with interrupted_at(database_alias, number, another) as statements:
            handled.append(deliver(max_rows=1).sent)
        # Each row was sent once, or claimed by the run that was killed.
        assert sum(handled) == 2, statements[number - 1]
        sent = Notification.objects.filter(pk__in=ids, status="sent").count()
        assert sent == (handled[-1] if is_killed else 2)
    assert number > 5


def test_row_of_a_killed_run_is_due_when_its_lease_ends(
    waiting: Waiting, channel: type[ScriptedChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    waiting(2)
    # A killed process releases nothing.
    killed = batch.Batch(Run(using=Notification.objects.db, pauses=Pauses(Notification.objects.db)))
    assert killed.claim_due(10) == 2
    clock.now += batch.LEASE - timedelta(seconds=1)
    assert deliver() == DeliveryReport()
    clock.now += timedelta(seconds=1)
    assert deliver() == DeliveryReport(sent=2)


def test_interrupted_run_releases_its_rows(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(3)

    def stop(row: Notification) -> None:
        if channel.sent:
            raise KeyboardInterrupt

    channel.act = stop
    with pytest.raises(KeyboardInterrupt):
        deliver()
    channel.act = lambda row: None
    assert deliver() == DeliveryReport(sent=2)
    assert len(set(channel.sent)) == len(channel.sent) == 3


def test_slow_run_does_not_overwrite_the_result_of_a_row_it_lost(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    (row,) = waiting(1)

    def lose_lease(row: Notification) -> str:
        channel.act = lambda row: None
        update_waiting(due_datetime=timezone.now())
        assert deliver() == DeliveryReport(sent=1)
        return "Too late"

    channel.act = lose_lease
    deliver()
    row.refresh_from_db()
    assert (row.status, row.error) == ("sent", "")


def test_slow_run_claims_with_new_leases(
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
    assert deliver() == DeliveryReport(sent=8)
    assert sorted(channel.sent) == [row.pk for row in rows]
    assert len(set(leases)) == 4


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_concurrent_runs_send_each_row_once(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    rows = waiting(300)
    reports: list[DeliveryReport] = []

    def run() -> None:
        reports.append(deliver())

    assert run_in_parallel(*[run] * 4) == []
    # MariaDB briefly locks rows that a run only reads; the other runs skip them then.
    reports.append(deliver())
    assert sorted(channel.sent) == [row.pk for row in rows]
    assert sum(report.sent for report in reports) == len(rows)


def test_number_of_queries_to_claim_does_not_depend_on_the_number_of_rows(
    waiting: Waiting, channel: type[ScriptedChannel], capture_queries: Callable[[], Any]
) -> None:
    counts = []
    for count in (2, 50):
        waiting(count)
        with capture_queries() as queries:
            assert deliver() == DeliveryReport(sent=count)
        counts.append(len(queries) - count)  # one per result
    assert counts[0] == counts[1]
