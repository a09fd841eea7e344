"""The limits of a run, and its progress."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from help_desk.delivery import runner
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support.channels import ScriptedChannel
from tests.support.delivery import Clock, statuses

if TYPE_CHECKING:
    from collections.abc import Callable

    Waiting = Callable[[int], list[Notification]]


def test_run_stops_at_max_rows(waiting: Waiting) -> None:
    waiting(5)
    assert deliver(max_rows=2) == DeliveryReport(sent=2)
    assert statuses() == {"sent": 2, "wait": 3}


def test_run_stops_at_max_time_and_releases_the_rest(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(3)
    assert deliver(max_time=timedelta(0)) == DeliveryReport(sent=1)
    assert not Notification.objects.exclude(lease=None).exists()
    assert deliver() == DeliveryReport(sent=2)


@pytest.mark.parametrize("count", [0, 1, 100, 101, 200])
def test_run_continues_until_nothing_is_due(waiting: Waiting, count: int) -> None:
    waiting(count)
    assert deliver() == DeliveryReport(sent=count)


def test_run_stops_when_stop_returns_true(waiting: Waiting, channel: type[ScriptedChannel]) -> None:
    waiting(5)
    report = deliver(stop=lambda: len(channel.sent) == 2)
    assert report == DeliveryReport(sent=2)
    assert not Notification.objects.exclude(lease=None).exists()


def test_progress_is_called_after_each_message(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(3)
    seen: list[int] = []
    deliver(progress=lambda report: seen.append(report.sent))
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("expected", [50, 3], ids=["by-rows", "by-time"])
def test_delivery_after_a_commit_is_limited(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    monkeypatch: pytest.MonkeyPatch,
    expected: int,
    database_alias: str,
) -> None:
    clock = Clock(monkeypatch)
    backlog, own = waiting(100)[0].event_id, waiting(100)[-1].event_id
    assert backlog != own
    duration = runner.AFTER_COMMIT_TIME / (2.5 if expected == 3 else 1000)
    channel.act = lambda row: clock.advance(duration)
    runner.deliver_after_commit(event_id=own, using=database_alias)
    sent = Counter(Notification.objects.filter(status="sent").values_list("event_id", flat=True))
    assert sent == ({own: 50, backlog: 20} if expected == 50 else {own: 3})
    assert not Notification.objects.exclude(lease=None).exists()
