"""Machines whose clocks differ by up to two minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from help_desk.delivery import batch
from help_desk.delivery.pauses import Pauses
from help_desk.delivery.run import Run
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support.delivery import Clock, statuses, update_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.channels import ScriptedChannel

    Waiting = Callable[[int], list[Notification]]

DIFFERENCES = [timedelta(minutes=-2), timedelta(0), timedelta(minutes=2)]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=["behind", "same", "ahead"])
def test_rows_are_sent_once_by_machines_whose_clocks_differ(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    monkeypatch: pytest.MonkeyPatch,
    difference: timedelta,
) -> None:
    clock = Clock(monkeypatch)
    rows = waiting(9)
    update_waiting(due_datetime=clock.now)

    def deliver_elsewhere(max_rows: int) -> None:
        channel.act = lambda row: None
        with clock.shifted(difference):
            deliver(max_rows=max_rows)
        channel.act = take_almost_a_minute

    def take_almost_a_minute(row: Notification) -> None:
        # The longest message that a lease allows for: another machine looks while it is sent.
        for _ in range(2):
            clock.advance(timedelta(seconds=29))
            deliver_elsewhere(max_rows=1)

    channel.act = take_almost_a_minute
    for _ in range(4):
        deliver()
        clock.advance(timedelta(minutes=1))
    assert statuses() == {"sent": 9}
    assert sorted(channel.sent) == [row.pk for row in rows]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=["behind", "same", "ahead"])
def test_rows_of_a_killed_machine_are_due_when_their_lease_ends_by_its_clock(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    monkeypatch: pytest.MonkeyPatch,
    difference: timedelta,
) -> None:
    clock = Clock(monkeypatch)
    waiting(2)
    update_waiting(due_datetime=clock.now - timedelta(minutes=2))
    with clock.shifted(difference):
        using = Notification.objects.db
        killed = batch.Batch(Run(using=using, pauses=Pauses(using)))
        assert killed.claim_due(10) == 2
    clock.advance(batch.LEASE + difference - timedelta(seconds=1))
    assert deliver() == DeliveryReport()
    clock.advance(timedelta(seconds=1))
    assert deliver() == DeliveryReport(sent=2)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=["behind", "same", "ahead"])
def test_rows_that_one_machine_releases_are_sent_by_another(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    monkeypatch: pytest.MonkeyPatch,
    difference: timedelta,
) -> None:
    clock = Clock(monkeypatch)
    waiting(3)
    update_waiting(due_datetime=clock.now)
    assert deliver(max_time=timedelta(0)) == DeliveryReport(sent=1)
    clock.advance(batch.MAX_CLOCK_DIFFERENCE)
    with clock.shifted(difference):
        assert deliver() == DeliveryReport(sent=2)
