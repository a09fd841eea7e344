"""Channels of a host that fail or return wrong results."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from help_desk.channels.base import SendResult
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support.channels import ScriptedChannel
from tests.support.delivery import statuses, use_channels

if TYPE_CHECKING:
    from collections.abc import Callable

    Waiting = Callable[[int], list[Notification]]


def test_row_of_a_channel_that_is_not_configured_is_retried(
    waiting: Waiting, settings: Any
) -> None:
    (row,) = waiting(1)
    settings.HELP_DESK = {"CHANNELS": []}
    assert deliver() == DeliveryReport(retried=1)
    row.refresh_from_db()
    assert "'email'" in row.error


def test_unexpected_error_for_one_row_does_not_block_the_others(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    rows = waiting(4)

    def fail_once(row: Notification) -> str:
        return {}["no such key"] if row == rows[1] else ""

    channel.act = fail_once
    assert deliver() == DeliveryReport(sent=3, retried=1)
    rows[1].refresh_from_db()
    assert "KeyError" in rows[1].error
    assert sorted(channel.sent) == [row.pk for row in rows if row != rows[1]]


def test_repeated_unexpected_errors_defer_the_other_rows(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(10)
    channel.act = lambda row: 1 / 0
    report = deliver()
    assert report == DeliveryReport(retried=2, deferred=8)
    assert statuses() == {"wait": 10}


def test_rows_without_a_result_are_retried(waiting: Waiting, settings: Any) -> None:
    waiting(250)
    use_channels(settings, "NoResultChannel")
    assert deliver() == DeliveryReport(retried=250)
    assert statuses() == {"wait": 250}
    assert not Notification.objects.filter(error="").exists()
    assert not Notification.objects.exclude(lease=None).exists()


def test_unavailable_channel_is_called_once_per_run(waiting: Waiting, settings: Any) -> None:
    waiting(250)
    use_channels(settings, "UnavailableChannel", "OtherChannel")
    event = Notification.objects.latest("pk").event
    Notification.objects.create(
        event=event,
        address="developer0@example.com",
        channel="other",
        status="wait",
        due_datetime=timezone.now() + timedelta(microseconds=1),
    )
    assert deliver() == DeliveryReport(sent=1, deferred=100)
    assert statuses() == {"wait": 250, "sent": 1}
    assert not Notification.objects.exclude(lease=None).exists()
    # The others are still due; the next run asks the channel again.
    assert deliver() == DeliveryReport(deferred=100)


def test_duplicate_result_and_result_of_another_row_count_once(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    first, second = waiting(2)
    channel.act = lambda row: SendResult(notifications=(first,))
    deliver()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.attempts) == ("sent", 1)
    assert (second.status, second.lease) == ("wait", None)
