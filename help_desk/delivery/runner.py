"""Sending due notifications, batch by batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connections, router, transaction
from django.utils import timezone

from help_desk.delivery.batch import Batch
from help_desk.delivery.pauses import Pauses
from help_desk.delivery.retry import retry_on_db_error
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
    run = Run(
        using=using,
        event_id=event_id,
        max_rows=AFTER_COMMIT_ROWS,
        deadline=timezone.now() + AFTER_COMMIT_TIME,
        # Without an event, someone has asked for rows to be sent again.
        pauses=Pauses(using, is_observed=event_id is not None),
    )
    report = send_due(run)
    if event_id is not None and not report.deferred and not run.is_out_of_time:
        send_due(
            replace(run, event_id=None, max_rows=AFTER_COMMIT_BACKLOG, report=DeliveryReport())
        )


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

    Several processes can do so at once. It also tries channels that other processes found
    unavailable a moment ago.

    Args:
        using: The alias of the database; by default the one that notifications are written to.
        event_id: Send only the notifications of this event.
        max_rows: The maximum number of notifications to handle.
        max_time: When to stop, counted from now; a message that is being sent is finished.
        stop: Called after each message; returns whether to stop.
        progress: Called with the report after each message.

    Returns:
        What was done.

    Raises:
        RuntimeError: It was called in a transaction, which would hide the claims from other
            processes and undo the record of what was sent.
    """
    using = using or router.db_for_write(Notification)
    return send_due(
        Run(
            using=using,
            event_id=event_id,
            max_rows=max_rows,
            deadline=None if max_time is None else timezone.now() + max_time,
            stop=stop,
            progress=progress,
            pauses=Pauses(using, is_observed=False),
        )
    )


def send_due(run: Run) -> DeliveryReport:
    """Send what is due, until nothing is or the run reaches one of its limits."""
    _refuse_transaction(run.using)
    while True:
        run.release_again()
        size = run.next_size
        batch = Batch(run)
        try:
            found = batch.claim_due(size)
            had_time = batch.send()
        finally:
            batch.release()
        if (found < size and had_time) or run.is_over:
            return run.report


def _refuse_transaction(using: str) -> None:
    """Raise RuntimeError in a transaction, except in that of a Django test case."""
    connection = connections[using]
    is_refused = not retry_on_db_error(connection.get_autocommit)
    if connection.in_atomic_block:
        try:
            # Django permits durable blocks in its test cases.
            with transaction.atomic(using=using, durable=True, savepoint=False):
                is_refused = False
        except RuntimeError:
            is_refused = True
    if is_refused:
        message = (
            f"Notifications cannot be sent in a transaction of the database {using!r}: a rollback "
            "would undo the record of what was sent. Call deliver() after the transaction, for "
            "example by transaction.on_commit(), and with autocommit."
        )
        raise RuntimeError(message)
