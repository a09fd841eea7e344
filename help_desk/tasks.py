"""Delivery by the workers of Django's tasks framework.

`HELP_DESK["DELIVERY"] = "task"` has a task enqueued after each commit that wrote
something to send. The framework is `django.tasks` from Django 6.0 on, and its backport
`django_tasks` before.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from help_desk.delivery import batch
from help_desk.delivery import runner as delivery
from help_desk.delivery.retry import PAUSE
from help_desk.delivery.run import record_run
from help_desk.models import DeliveryRun, Notification

try:
    from django.tasks import task
except ImportError:  # before Django 6.0
    from django_tasks import task  # type: ignore[no-redef]

if TYPE_CHECKING:
    from help_desk.delivery.run import DeliveryReport

SOURCE = "task"
MAX_ROWS = 1000
MAX_TIME = timedelta(minutes=1)
"""Shorter than what queues grant a job; what is left is the next task's."""
GRID = 10
"""Seconds; moments to come again are rounded up to this, so that rows that are due one after the
other make one task."""


@task
def deliver(using: str) -> dict[str, int]:
    """Send what is due, and have a task come again for what is due later.

    Args:
        using: Alias of the database that holds the notifications.

    Returns:
        What was done, as in `DeliveryReport`.
    """
    if Notification.objects.using(using).due(timezone.now()).exists():
        # Should this worker be killed, its rows are due again when their lease ends.
        schedule(timezone.now() + batch.LEASE, using)
    report = delivery.deliver(using=using, max_rows=MAX_ROWS, max_time=MAX_TIME)
    record_run(SOURCE, report, using)
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
    elif report.handled and not report.postponed:
        deliver.enqueue(using)  # There was no time for these.
    else:
        # They wait for a channel by which nothing leaves now.
        schedule(now + PAUSE, using)


def can_come_later() -> bool:
    """Say whether the backend runs tasks at a later moment.

    Returns:
        Its own word for it.
    """
    return deliver.get_backend().supports_defer


def schedule(moment: datetime, using: str) -> None:
    """Have a task run at a moment, unless one comes before that anyway.

    However many tasks end at the same time, there is one for each moment.

    Args:
        moment: When something is due.
        using: Alias of the database that holds it.
    """
    if not can_come_later():
        return
    seconds = math.ceil(moment.timestamp() / GRID) * GRID
    runs = DeliveryRun.objects.using(using)
    now = timezone.now()
    runs.get_or_create(source=SOURCE, defaults={"finished_datetime": now})
    own = runs.filter(source=SOURCE)
    with transaction.atomic(using=using):
        own.update(source=SOURCE)  # Holds the row: SQLite has no SELECT ... FOR UPDATE.
        planned = [other for other in own.get().planned if other > now.timestamp()]
        if any(other <= seconds for other in planned):
            return
        own.update(planned=[*planned, seconds])
    later = datetime.fromtimestamp(seconds, tz=moment.tzinfo)
    try:
        deliver.using(run_after=later).enqueue(using)
    except Exception:
        # Nobody comes at that moment, so the next task must not rely on it.
        with transaction.atomic(using=using):
            own.update(source=SOURCE)
            own.update(planned=[other for other in own.get().planned if other != seconds])
        raise
