"""When a row is retried, and when it fails permanently."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from help_desk.channels.base import SendResult
from help_desk.delivery import retry
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support.channels import ScriptedChannel
from tests.support.delivery import update_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    Waiting = Callable[[int], list[Notification]]


def test_delay_between_attempts_grows_up_to_a_limit() -> None:
    delays = [retry.backoff(attempts) for attempts in range(40)]
    for attempts, delay in enumerate(delays):
        middle = min(retry.FIRST_RETRY * 2 ** min(attempts, 20), retry.LAST_RETRY)
        assert middle * 0.8 <= delay <= middle * 1.2


def test_row_fails_after_days_of_errors(waiting: Waiting, channel: type[ScriptedChannel]) -> None:
    (row,) = waiting(1)
    channel.act = lambda row: "Busy"
    limit = timezone.now() - retry.GIVE_UP_AFTER
    update_waiting(attempts=50, scheduled_datetime=limit + timedelta(hours=1))
    assert deliver() == DeliveryReport(retried=1)
    update_waiting(scheduled_datetime=limit - timedelta(hours=1), due_datetime=timezone.now())
    assert deliver() == DeliveryReport(failed=1)
    row.refresh_from_db()
    assert (row.status, row.due_datetime, row.error, row.attempts) == ("fail", None, "Busy", 52)


def test_row_gets_a_minimum_of_attempts_after_days_without_a_server(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    waiting(1)
    channel.act = lambda row: "Try again later"
    results = []
    for _ in range(retry.MIN_ATTEMPTS):
        update_waiting(
            created_datetime=timezone.now() - timedelta(days=30),
            due_datetime=timezone.now(),
        )
        results.append(deliver())
    assert results == [DeliveryReport(retried=1)] * (retry.MIN_ATTEMPTS - 1) + [
        DeliveryReport(failed=1)
    ]


def test_new_row_does_not_fail_with_an_old_one_in_the_same_message(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    old, new = waiting(2)
    Notification.objects.filter(pk=old.pk).write(
        attempts=50, scheduled_datetime=timezone.now() - timedelta(days=30)
    )

    def fail_both(row: Notification) -> SendResult:
        rows = list(Notification.objects.order_by("pk"))
        return SendResult(notifications=rows, error="Busy")

    channel.act = fail_both
    assert deliver() == DeliveryReport(failed=1, retried=1)
    new.refresh_from_db()
    assert (new.status, new.attempts) == ("wait", 1)
    assert new.due_datetime is not None
    assert new.due_datetime < timezone.now() + 2 * retry.FIRST_RETRY


def test_rows_of_one_message_are_retried_together_as_early_as_the_newest(
    waiting: Waiting, channel: type[ScriptedChannel]
) -> None:
    old, _new = rows = waiting(2)
    Notification.objects.filter(pk=old.pk).write(attempts=9)
    channel.act = lambda row: SendResult(notifications=rows, error="Busy")
    before = timezone.now()
    assert deliver() == DeliveryReport(retried=2)
    (due,) = set(Notification.objects.values_list("due_datetime", flat=True))
    assert due is not None
    assert due - before < 2 * retry.FIRST_RETRY


def test_row_that_is_not_due_is_not_sent(waiting: Waiting) -> None:
    waiting(1)
    update_waiting(due_datetime=timezone.now() + timedelta(minutes=1))
    assert deliver() == DeliveryReport()
