"""One delivery run: its limits, what it did, and the trace that it leaves."""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from help_desk.models import DeliveryRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

BATCH_SIZE = 100
IDLE_TRACE_EVERY = timedelta(minutes=1)
"""Runs that had nothing to do leave a trace at most this often."""


@dataclass(kw_only=True)
class DeliveryReport:
    """What one run did.

    Attributes:
        sent: Rows that were sent.
        retried: Rows that will be attempted again.
        failed: Rows that were given up.
        postponed: Rows that wait for a channel that was unavailable.
        skipped: Rows that their recipients must or would not get any more.
    """

    sent: int = 0
    retried: int = 0
    failed: int = 0
    postponed: int = 0
    skipped: int = 0

    @property
    def handled(self) -> int:
        """Rows that this run claimed and decided on."""
        return sum(astuple(self))

    def count(self, counter: str, rows: int) -> None:
        """Add rows to one of the numbers.

        Args:
            counter: The number's name.
            rows: How many.
        """
        setattr(self, counter, getattr(self, counter) + rows)


@dataclass(kw_only=True)
class Run:
    """What the batches of one run share.

    Attributes:
        using: Alias of the database.
        event_id: Restricts the run to the rows of one event.
        max_rows: How many rows to claim at most.
        deadline: When to stop.
        stop: Says whether to stop at once.
        progress: Told after each message what was done so far.
        report: What was done so far.
        blocked: Names of channels by which nothing leaves now.
    """

    using: str
    event_id: int | None = None
    max_rows: int | None = None
    deadline: datetime | None = None
    stop: Callable[[], bool] | None = None
    progress: Callable[[DeliveryReport], None] | None = None
    report: DeliveryReport = field(default_factory=DeliveryReport)
    blocked: set[str] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        """Whether the run has reached one of its limits."""
        return self.is_out_of_time or self.next_size <= 0

    @property
    def is_out_of_time(self) -> bool:
        """Whether the run is to stop now, whatever is left."""
        if self.stop is not None and self.stop():
            return True
        return self.deadline is not None and timezone.now() >= self.deadline

    @property
    def next_size(self) -> int:
        """How many rows the next batch may take."""
        if self.max_rows is None:
            return BATCH_SIZE
        return min(BATCH_SIZE, self.max_rows - self.report.handled)


def record_run(source: str, report: DeliveryReport, using: str) -> None:
    """Note when a source of deliveries last ran, and what it did.

    Args:
        source: Its name; there is one row for each.
        report: What the run did.
        using: Alias of the database.
    """
    now = timezone.now()
    values = {"finished_datetime": now, **asdict(report)}
    rows = DeliveryRun.objects.using(using).filter(source=source)
    if not report.handled:
        # Worth a write only now and then.
        recently = Q(finished_datetime__gt=now - IDLE_TRACE_EVERY)
        if rows.filter(recently).exists():
            return
    if not rows.update(**values):
        # Another run may write the first row at this moment; either is as good.
        DeliveryRun.objects.using(using).bulk_create(
            [DeliveryRun(source=source, **values)], ignore_conflicts=True
        )
