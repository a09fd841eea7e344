"""Sending due notifications, batch by batch."""

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
AFTER_COMMIT_BACKLOG = 20
AFTER_COMMIT_TIME = timedelta(seconds=10)


def deliver_after_commit(*, event_id: int | None, using: str) -> None:
    """Send an event's rows, and part of the backlog, within a limited time."""
    start = timezone.now()
    report = deliver(
        using=using,
        event_id=event_id,
        max_rows=AFTER_COMMIT_ROWS,
        max_time=AFTER_COMMIT_TIME,
    )
    remaining = start + AFTER_COMMIT_TIME - timezone.now()
    if event_id is not None and not report.deferred and remaining > timedelta(0):
        deliver(using=using, max_rows=AFTER_COMMIT_BACKLOG, max_time=remaining)


def deliver(
    *,
    using: str | None = None,
    event_id: int | None = None,
    max_rows: int | None = None,
    max_time: timedelta | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[DeliveryReport], None] | None = None,
) -> DeliveryReport:
    """Send what is due, batch by batch, until nothing is or a limit is reached.

    Several processes can do so at once. Call it outside of a transaction.

    Args:
        using: The alias of the database; by default the one that notifications are written to.
        event_id: Send only the notifications of this event.
        max_rows: The maximum number of notifications to handle.
        max_time: When to stop, counted from now; a message that is being sent is finished.
        stop: Called after each message; returns whether to stop.
        progress: Called with the report after each message.

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
        found = batch.claim_due(size)
        had_time = batch.send()
        if (found < size and had_time) or run.is_over:
            return run.report
