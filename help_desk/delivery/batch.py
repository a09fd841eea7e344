"""Claiming, sending and recording one batch of rows.

Claiming is a short transaction. Sending happens outside of any, and each result is recorded
before the next message is sent. A claimed row has a lease until its `due_datetime`; the rows of
a run that died are due again at that time.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from help_desk.channels import ChannelUnavailableError, SendResult, active_channels
from help_desk.choices import NotificationStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.delivery.retry import close_broken_connection, retry_on_db_error, transitions
from help_desk.delivery.run import BATCH_SIZE
from help_desk.models import Notification
from help_desk.notifications.eligibility import skip_reasons

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from help_desk.channels import Channel
    from help_desk.delivery.run import Run
    from help_desk.querysets import NotificationQuerySet

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
LEASE_RESERVE = timedelta(minutes=2)
"""A batch stops sending this long before its lease ends: longer than one message takes, and
longer than the clocks of two machines differ."""
MAX_UNEXPECTED_ERRORS = 3
"""Unexpected errors after which a channel is treated as unavailable."""


class Batch:
    """The rows that a run has claimed together."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lease = uuid.uuid4()
        self.lease_end = timezone.now() + LEASE
        self.channels = {channel.name: channel for channel in active_channels()}
        self.undecided: set[int] = set()
        self.rows: list[Notification] = []

    @property
    def _table(self) -> NotificationQuerySet:
        return Notification.objects.using(self.run.using)

    @property
    def _is_over(self) -> bool:
        return self.run.is_out_of_time or timezone.now() >= self.lease_end - LEASE_RESERVE

    def claim_due(self, size: int) -> int:
        """Claim due rows, and return how many candidates there were."""
        due = self._table.due(timezone.now()).exclude(channel__in=self.run.blocked)
        if self.run.event_id is not None:
            due = due.filter(event_id=self.run.event_id)
        return self._claim(due.order_by("due_datetime", "pk"), size)

    def _claim(self, rows: NotificationQuerySet, size: int) -> int:
        def claim() -> list[int]:
            # Wait for the locked rows of a single event: no later batch would find them.
            wait = self.run.event_id is not None
            return rows.claim(lease=self.lease, until=self.lease_end, size=size, wait=wait)

        ids = retry_on_db_error(claim, self.run.using)
        self.undecided.update(ids)
        return len(ids)

    def send(self) -> bool:
        """Send the rows and record the results; return whether there was time for all."""
        try:
            self._read()
            if self._claim_same_messages():
                self._read()
            self._skip()
            for name, rows in groupby(self.rows, key=attrgetter("channel")):
                if not self._send_through(name, list(rows)):
                    return False
        finally:
            self._release()
        return True

    def _read(self) -> None:
        """Load the rows that have the lease."""
        held = self._table.filter(pk__in=self.undecided, lease=self.lease).select_related(
            "event__ticket", "event__actor", "event__comment", "recipient"
        )
        self.rows = list(held.order_by("channel", "pk")) if self.undecided else []
        self.undecided = {row.pk for row in self.rows}

    def _claim_same_messages(self) -> int:
        """Claim the other rows that belong in the same messages, and return their number."""
        digest = {name for name, channel in self.channels.items() if channel.supports_digest}
        rows = [row for row in self.rows if row.channel in digest and row.recipient_id]
        if not rows:
            return 0
        now = timezone.now()
        window_end = now + timedelta(seconds=help_desk_settings.CHANGES_WINDOW)
        others = self._table.in_same_message_as(rows, now=now, window_end=window_end)
        ids = list(others.values_list("pk", flat=True)[:BATCH_SIZE])
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
        reasons = skip_reasons(self.rows, self.channels.values(), self.run.using)
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
        with closing(self._results(channel, {row.pk: row for row in rows})) as results:
            for result in results:
                self._record(result)
                if self.run.progress is not None:
                    self.run.progress(self.run.report)
                if self._is_over:
                    return False
        return True

    def _results(
        self, channel: Channel, remaining: dict[int, Notification]
    ) -> Generator[SendResult]:
        """Send rows and yield one result per row, even if the channel raises an error."""
        for attempt in range(1, MAX_UNEXPECTED_ERRORS + 1):
            is_unavailable, error_text = attempt == MAX_UNEXPECTED_ERRORS, ""
            try:
                yield from _send(channel, remaining)
            except ChannelUnavailableError as error:
                logger.warning("Channel %s is unavailable: %s", channel.name, error)
                error_text, is_unavailable = str(error), True
            except Exception as unexpected_error:
                # A host's channel may raise anything. It sends its rows in order, so the next
                # row caused it, unless it happens repeatedly.
                logger.exception("Channel %s failed.", channel.name)
                close_broken_connection(self.run.using)
                error_text = f"{type(unexpected_error).__name__}: {unexpected_error}"[:1000]
            if not remaining:
                return
            if is_unavailable:
                self.run.blocked.add(channel.name)
                rest = tuple(remaining.values())
                yield SendResult(notifications=rest, error=error_text, is_deferred=True)
                return
            first = remaining.pop(next(iter(remaining)))
            yield SendResult(notifications=(first,), error=error_text)

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

        def write() -> int:
            return self._table.record_result(ids, lease=self.lease, is_attempt=is_attempt, **values)

        self.run.report.count(counter, retry_on_db_error(write, self.run.using))

    def _release(self) -> None:
        """Release the rows that were not sent in time."""
        if not self.undecided:
            return
        held = self._table.filter(pk__in=self.undecided, lease=self.lease)
        try:
            held.write(lease=None, due_datetime=timezone.now())
        except (DatabaseError, InterfaceError):
            logger.exception("Rows could not be released; they are due when their lease ends.")


def _send(channel: Channel, remaining: dict[int, Notification]) -> Iterator[SendResult]:
    """Send rows, and remove each from `remaining` as soon as it has a result."""
    if not remaining:
        return
    for result in channel.send(list(remaining.values())):
        # A channel may yield a row twice, or one that it was not given.
        rows = [remaining.pop(row.pk) for row in result.notifications if row.pk in remaining]
        if rows:
            yield replace(result, notifications=rows)
    if remaining:
        rest = tuple(remaining.values())
        remaining.clear()
        yield SendResult(notifications=rest, error="The channel returned no result.")
