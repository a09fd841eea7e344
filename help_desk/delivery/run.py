"""One delivery run: its limits, its report and its record in the database."""

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

    from help_desk.delivery.pauses import Pauses

BATCH_SIZE = 100
IDLE_RECORD_INTERVAL = timedelta(minutes=1)
"""Runs that had nothing to do are recorded at most this often."""


@dataclass(kw_only=True)
class DeliveryReport:
    """What one run did.

    Attributes:
        sent: Rows that were sent.
        retried: Rows that will be attempted again.
        failed: Rows that failed permanently.
        deferred: Rows that wait for a channel that was unavailable.
        skipped: Rows that must not be sent any more.
    """

    sent: int = 0
    retried: int = 0
    failed: int = 0
    deferred: int = 0
    skipped: int = 0

    @property
    def handled(self) -> int:
        """The number of rows that the run claimed and recorded a result for."""
        return sum(astuple(self))

    def count(self, counter: str, rows: int) -> None:
        """Add a number of rows to a counter."""
        setattr(self, counter, getattr(self, counter) + rows)


@dataclass(kw_only=True)
class Run:
    """What the batches of one run share.

    Attributes:
        using: The alias of the database.
        event_id: Restricts the run to the rows of one event.
        max_rows: The maximum number of rows to claim.
        deadline: When to stop.
        stop: Returns whether to stop at once.
        progress: Called with the report after each message.
        pauses: The channels that are unavailable.
        report: What was done so far.
        unreleased: Releases of rows that failed, to be tried again before the next batch.
    """

    using: str
    event_id: int | None = None
    max_rows: int | None = None
    deadline: datetime | None = None
    stop: Callable[[], bool] | None = None
    progress: Callable[[DeliveryReport], None] | None = None
    pauses: Pauses
    report: DeliveryReport = field(default_factory=DeliveryReport)
    unreleased: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether the run has reached one of its limits."""
        return self.is_out_of_time or self.next_size <= 0

    @property
    def is_out_of_time(self) -> bool:
        """Whether to stop now, even if rows are left."""
        if self.stop is not None and self.stop():
            return True
        return self.deadline is not None and timezone.now() >= self.deadline

    def release_again(self) -> None:
        """Release rows that could not be released, because the database was unavailable."""
        releases = self.unreleased[:]
        self.unreleased.clear()
        for release in releases:
            release()

    @property
    def next_size(self) -> int:
        """The number of rows that the next batch may claim."""
        if self.max_rows is None:
            return BATCH_SIZE
        return min(BATCH_SIZE, self.max_rows - self.report.handled)


def record_run(source: str, report: DeliveryReport, using: str) -> None:
    """Record when a source of deliveries last ran, and what it did."""
    now = timezone.now()
    values = {"finished_datetime": now, **asdict(report)}
    rows = DeliveryRun.objects.using(using).filter(source=source)
    if not report.handled:
        recently = Q(finished_datetime__gt=now - IDLE_RECORD_INTERVAL)
        if rows.filter(recently).exists():
            return
    if not rows.update(**values):
        # Another run may insert the row at the same time; either of them is correct.
        DeliveryRun.objects.using(using).bulk_create(
            [DeliveryRun(source=source, **values)], ignore_conflicts=True
        )
