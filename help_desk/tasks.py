"""Delivery by workers of Django's tasks framework.

With `HELP_DESK["DELIVERY"] = "task"`, a task is enqueued after each commit that wrote something
to send. The framework is `django.tasks` from Django 6.0 on, and its backport `django_tasks`
before.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Min, Q
from django.utils import timezone

from help_desk.conf import TASK
from help_desk.delivery import batch, runner
from help_desk.delivery.pauses import Pauses
from help_desk.delivery.retry import CHANNEL_PAUSE
from help_desk.delivery.run import Run, record_run
from help_desk.models import DeliveryRun, Notification

try:
    from django.tasks import task
except ImportError:  # before Django 6.0
    from django_tasks import task  # type: ignore[no-redef]

if TYPE_CHECKING:
    from help_desk.delivery.run import DeliveryReport

MAX_ROWS = 1000
MAX_TIME = timedelta(minutes=1)
"""Shorter than queues allow for a job; the next task sends the rest."""
INTERVAL = 10
"""Seconds; the times of scheduled tasks are rounded up to it, so that rows that are due one after
the other share a task."""


@task
def deliver(using: str) -> dict[str, int]:
    """Send what is due, and schedule a task for what is due later.

    Args:
        using: The alias of the database that holds the notifications.

    Returns:
        What was done, as in `DeliveryReport`.
    """
    if Notification.objects.using(using).due(timezone.now()).exists():
        # Should this worker be killed, its rows are due again when their lease ends.
        schedule(timezone.now() + batch.LEASE, using)
    run = Run(
        using=using,
        max_rows=MAX_ROWS,
        deadline=timezone.now() + MAX_TIME,
        pauses=Pauses(using),
    )
    report = runner.send_due(run)
    record_run(TASK, report, using)
    _schedule_remaining(report, using)
    return asdict(report)


def _schedule_remaining(report: DeliveryReport, using: str) -> None:
    waiting = Notification.objects.using(using).waiting()
    due = waiting.aggregate(due=Min("due_datetime"))["due"]
    if due is None:
        return
    now = timezone.now()
    if due > now:
        schedule(due, using)
    elif report.handled and not report.deferred:
        deliver.enqueue(using)  # There was no time for these.
    else:
        # These wait for a channel that is unavailable.
        schedule(now + CHANNEL_PAUSE, using)


def schedule(due: datetime, using: str) -> None:
    """Schedule a task for a time, unless one is scheduled before it.

    If the backend cannot defer tasks, do nothing: a system check reports it.
    """
    if not deliver.get_backend().supports_defer:
        return
    seconds = math.ceil(due.timestamp() / INTERVAL) * INTERVAL
    run_after = datetime.fromtimestamp(seconds, tz=due.tzinfo)
    now = timezone.now()
    runs = DeliveryRun.objects.using(using)
    runs.get_or_create(source=TASK, defaults={"finished_datetime": now})
    # One UPDATE decides which of several concurrent tasks schedules the next one.
    is_earliest = (
        Q(next_run_datetime=None)
        | Q(next_run_datetime__lte=now)
        | Q(next_run_datetime__gt=run_after)
    )
    row = runs.filter(source=TASK)
    if not row.filter(is_earliest).update(next_run_datetime=run_after):
        return
    try:
        deliver.using(run_after=run_after).enqueue(using)
    except Exception:
        # No task runs at that time, so the next call must not rely on one.
        row.filter(next_run_datetime=run_after).update(next_run_datetime=None)
        raise
