"""Moving what waits, batch by batch. Knows neither tickets nor pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import router
from django.utils import timezone

from help_desk.delivery.batch import Batch
from help_desk.delivery.run import DeliveryReport, Run
from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DeliveryReport", "deliver", "deliver_after_commit"]

AFTER_COMMIT_ROWS = 50
AFTER_COMMIT_LEFTOVERS = 20
AFTER_COMMIT_TIME = timedelta(seconds=10)


def deliver_after_commit(*, event_id: int | None, using: str) -> None:
    """Send what one event wrote, and some of what was left before, as there is time.

    A site without cron and without workers has nobody else to try again what failed.

    Args:
        event_id: Key of the event; None if there is none that comes first.
        using: Alias of the database that holds it.
    """
    start = timezone.now()
    report = deliver(
        using=using,
        event_id=event_id,
        max_rows=AFTER_COMMIT_ROWS,
        max_time=AFTER_COMMIT_TIME,
    )
    remaining = start + AFTER_COMMIT_TIME - timezone.now()
    if event_id is not None and not report.postponed and remaining > timedelta(0):
        deliver(using=using, max_rows=AFTER_COMMIT_LEFTOVERS, max_time=remaining)


def deliver(
    *,
    using: str | None = None,
    event_id: int | None = None,
    max_rows: int | None = None,
    max_time: timedelta | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[DeliveryReport], None] | None = None,
) -> DeliveryReport:
    """Send what is due, batch by batch, until nothing more is.

    Any number of runs may work at the same time. Must not be called in a transaction.

    Args:
        using: Alias of the database; by default the one that notifications go to.
        event_id: Restricts the run to the rows of one event.
        max_rows: How many rows to claim at most; what belongs into the same messages is
            taken along.
        max_time: How long to go on at most; the message that is being sent then is
            finished.
        stop: Asked after each message whether to stop.
        progress: Told after each message what was done so far.

    Returns:
        What was done.
    """
    run = Run(
        using=using or router.db_for_write(Notification),
        event_id=event_id,
        max_rows=max_rows,
        deadline=None if max_time is None else timezone.now() + max_time,
        stop=stop,
        progress=progress,
    )
    while True:
        size = run.next_size
        batch = Batch(run)
        found = batch.take(size)
        had_time = batch.send()
        if (found < size and had_time) or run.is_over:
            return run.report
