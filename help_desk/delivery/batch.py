"""Claiming, sending and recording one batch of rows.

Claiming is a short transaction. Sending happens outside of any, and each result is recorded
before the next message is sent. A claimed row has a lease until its `due_datetime`; the rows of
a run that died are due again at that time.

Every statement can be repeated if the connection is cut. The answer to a claim may be lost after
it was committed, so rows are read by their lease: those that the batch has are those that it finds.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from contextlib import closing
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from django.utils import timezone

from help_desk.channels import SendResult, active_channels
from help_desk.choices import NotificationStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.delivery.retry import DATABASE_ERRORS, retry_on_db_error, transitions
from help_desk.delivery.run import BATCH_SIZE
from help_desk.delivery.sending import results
from help_desk.models import Notification
from help_desk.notifications.eligibility import skip_reasons

if TYPE_CHECKING:
    from collections.abc import Collection

    from help_desk.delivery.run import Run
    from help_desk.querysets import NotificationQuerySet

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
MAX_CLOCK_DIFFERENCE = timedelta(minutes=2)
"""How far the clocks of two machines may be apart."""
LEASE_RESERVE = MAX_CLOCK_DIFFERENCE + timedelta(minutes=1)
"""A batch stops sending this long before its lease ends, so that one message can take a minute."""


class Batch:
    """The rows that a run has claimed together."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lease = uuid.uuid4()
        self.lease_end = timezone.now() + LEASE
        self.channels = {channel.name: channel for channel in active_channels()}
        self.rows: list[Notification] = []
        self.undecided: set[int] = set()
        """The IDs of rows without a result."""
        self.decided: set[int] = set()
        self.has_unread = False
        """Whether there may be rows that the batch has claimed and not read."""

    @property
    def _table(self) -> NotificationQuerySet:
        return Notification.objects.using(self.run.using)

    @property
    def _held(self) -> NotificationQuerySet:
        """The rows that have the lease; its end is indexed, the lease is not."""
        return self._table.filter(due_datetime=self.lease_end, lease=self.lease)

    @property
    def _is_over(self) -> bool:
        return self.run.is_out_of_time or self._is_lease_over

    @property
    def _is_lease_over(self) -> bool:
        return timezone.now() >= self.lease_end - LEASE_RESERVE

    def claim_due(self, size: int) -> int:
        """Claim due rows, and return how many candidates there were."""
        due = self._table.due(timezone.now()).exclude(channel__in=self.run.pauses.blocked)
        if self.run.event_id is not None:
            due = due.filter(event_id=self.run.event_id)
        return self._claim(due.order_by("due_datetime", "pk"), size)

    def _claim(self, rows: NotificationQuerySet, size: int) -> int:
        # Wait for the locked rows of a single event: no later batch would find them.
        wait = self.run.event_id is not None

        def claim() -> int:
            # Not twice, if the first attempt was committed and its answer lost.
            if self.has_unread and (claimed := self._held.count() - len(self.rows)):
                return claimed
            self.has_unread = True
            return len(rows.claim(lease=self.lease, until=self.lease_end, size=size, wait=wait))

        found = retry_on_db_error(claim)
        self.has_unread = found > 0
        return found

    def send(self) -> bool:
        """Send the rows and record the results; return whether there was time for all."""
        self._read()
        if self._claim_same_messages():
            self._read()
        self._skip()
        for name, rows in groupby(self.rows, key=attrgetter("channel")):
            # Claiming and reading may have taken longer than the lease.
            if self._is_lease_over or not self._send_through(name, list(rows)):
                return False
        return True

    def _read(self) -> None:
        """Load the rows that have the lease."""
        if not self.has_unread:
            return
        held = self._held.select_related(
            "event__ticket", "event__actor", "event__comment", "recipient"
        )
        self.rows = retry_on_db_error(lambda: list(held.order_by("channel", "pk")))
        self.undecided = {row.pk for row in self.rows}
        self.has_unread = False

    def _claim_same_messages(self) -> int:
        """Claim the other rows that belong in the same messages, and return their number."""
        digest = {name for name, channel in self.channels.items() if channel.supports_digest}
        rows = [row for row in self.rows if row.channel in digest and row.recipient_id]
        if not rows:
            return 0
        now = timezone.now()
        window_end = now + timedelta(seconds=help_desk_settings.CHANGES_WINDOW)
        others = self._table.in_same_message_as(rows, now=now, window_end=window_end)
        ids = retry_on_db_error(lambda: list(others.values_list("pk", flat=True)[:BATCH_SIZE]))
        if not ids:
            return 0
        # Without the join, so that no event is locked.
        unclaimed = self._table.filter(
            pk__in=ids, status=NotificationStatusChoices.WAITING, lease=None
        )
        return self._claim(unclaimed, BATCH_SIZE)

    def _skip(self) -> None:
        """Skip the rows that must not be sent any more."""
        by_reason = defaultdict(set)
        reasons = retry_on_db_error(
            lambda: skip_reasons(self.rows, self.channels.values(), self.run.using)
        )
        for row_id, reason in reasons.items():
            by_reason[reason].add(row_id)
        for reason, ids in by_reason.items():
            self._write(
                "skipped",
                ids,
                status=NotificationStatusChoices.SKIPPED,
                due_datetime=None,
                error=reason,
            )
        self.rows = [row for row in self.rows if row.pk in self.undecided]

    def _send_through(self, name: str, rows: list[Notification]) -> bool:
        """Send rows through one channel; return whether there was time for all."""
        channel = self.channels.get(name)
        if channel is None:
            error = f"The channel {name!r} is not in HELP_DESK['CHANNELS']."
            self._record(SendResult(notifications=rows, error=error))
            return True
        if not self.run.pauses.permit(name):
            return True  # Another run tries it first; the rows are released.
        with closing(results(channel, rows, self.run.pauses)) as all_results:
            for result in all_results:
                self._record(result)
                if not result.is_deferred and (not result.error or result.is_permanent):
                    self.run.pauses.end(name)
                if self.run.progress is not None:
                    self.run.progress(self.run.report)
                if self._is_over:
                    return False
        return True

    def _record(self, result: SendResult) -> None:
        for counter, rows, values in transitions(result):
            is_attempt = not result.is_deferred
            self._write(counter, {row.pk for row in rows}, is_attempt=is_attempt, **values)

    def _write(
        self, counter: str, ids: Collection[int], *, is_attempt: bool = False, **values: object
    ) -> None:
        """Record values of rows that still have the lease, and release them."""
        # Even if the update fails, rows that were sent must not be released: they would be sent
        # again immediately.
        self.undecided.difference_update(ids)
        self.decided.update(ids)

        def write() -> int:
            return self._table.record_result(ids, lease=self.lease, is_attempt=is_attempt, **values)

        self.run.report.count(counter, retry_on_db_error(write))

    def release(self) -> None:
        """Release the rows that have no result."""
        if not (self.undecided or self.has_unread):
            return
        rows = self._held.exclude(pk__in=self.decided)
        try:
            retry_on_db_error(lambda: rows.write(lease=None, due_datetime=timezone.now()))
        except DATABASE_ERRORS:
            logger.exception("Rows could not be released; they are due when their lease ends.")
            self.run.unreleased.append(self.release)
