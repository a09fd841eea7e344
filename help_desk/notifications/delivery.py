"""Moving what waits: claim a batch, send it, write down what became of each row.

Knows neither tickets nor pages. A claim is one short transaction; sending happens outside
any; each result is recorded on its own. Whoever claims a row holds a lease on it until
its `due_datetime`; a run that dies leaves rows that are due again when the lease ends.
"""

from __future__ import annotations

import logging
import random
import uuid
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connections, router, transaction
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices
from help_desk.models import Notification
from help_desk.notifications.channels import active_channels
from help_desk.notifications.channels.channel import ChannelUnavailableError, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from help_desk.notifications.channels.channel import Channel
    from help_desk.querysets import NotificationQuerySet

logger = logging.getLogger(__name__)

BATCH_SIZE = 100
LEASE = timedelta(minutes=5)
LEASE_RESERVE = timedelta(minutes=1)
"""A run stops sending this long before its lease ends: longer than any one message."""
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=6)
PAUSE = timedelta(minutes=1)
"""How long rows wait for a channel that is unavailable."""
GIVE_UP_AFTER = timedelta(days=3)
MAX_SURPRISES = 3
"""Errors of a kind that a channel does not know, after which it counts as unavailable."""
AFTER_COMMIT_ROWS = 50
AFTER_COMMIT_TIME = timedelta(seconds=10)


@dataclass(kw_only=True)
class DeliveryReport:
    """What one run did.

    Attributes:
        sent: Rows that were sent.
        retried: Rows that will be attempted again.
        failed: Rows that were given up.
        postponed: Rows that wait for a channel that was unavailable.
    """

    sent: int = 0
    retried: int = 0
    failed: int = 0
    postponed: int = 0

    @property
    def handled(self) -> int:
        """Rows that this run claimed and decided on."""
        return self.sent + self.retried + self.failed + self.postponed


def deliver_after_commit(*, event_id: int, using: str) -> None:
    """Send what one event wrote, as far as a request has time for it.

    Args:
        event_id: Key of the event.
        using: Alias of the database that holds it.
    """
    deliver(
        using=using,
        event_id=event_id,
        max_rows=AFTER_COMMIT_ROWS,
        max_time=AFTER_COMMIT_TIME,
    )


def deliver(
    *,
    using: str | None = None,
    event_id: int | None = None,
    max_rows: int | None = None,
    max_time: timedelta | None = None,
) -> DeliveryReport:
    """Send what is due, batch by batch, until nothing more is.

    Any number of runs may work at the same time. Must not be called in a transaction.

    Args:
        using: Alias of the database; by default the one that notifications go to.
        event_id: Restricts the run to the rows of one event.
        max_rows: How many rows to claim at most.
        max_time: How long to go on at most; the message that is being sent then is
            finished.

    Returns:
        What was done.
    """
    using = using or router.db_for_write(Notification)
    report = DeliveryReport()
    deadline = None if max_time is None else timezone.now() + max_time
    while max_rows is None or report.handled < max_rows:
        size = BATCH_SIZE if max_rows is None else min(BATCH_SIZE, max_rows - report.handled)
        batch = _Batch(using=using, deadline=deadline, report=report)
        claimed = batch.claim(size, event_id)
        batch.send()
        if claimed < size or (deadline is not None and timezone.now() >= deadline):
            break
    return report


class _Batch:
    """The rows that one run holds at one time."""

    def __init__(self, *, using: str, deadline: datetime | None, report: DeliveryReport) -> None:
        self.using = using
        self.report = report
        self.lease = uuid.uuid4()
        self.lease_end = timezone.now() + LEASE
        self.deadline = self.lease_end - LEASE_RESERVE
        if deadline is not None:
            self.deadline = min(self.deadline, deadline)
        self.ids: list[int] = []
        self.rows: list[Notification] = []

    @property
    def _table(self) -> NotificationQuerySet:
        return Notification.objects.using(self.using)

    @property
    def _held(self) -> NotificationQuerySet:
        return self._table.filter(pk__in=self.ids, lease=self.lease)

    def claim(self, size: int, event_id: int | None) -> int:
        """Take up to `size` due rows; say how many were there to be taken."""
        due = self._table.due(timezone.now())
        if event_id is not None:
            due = due.filter(event_id=event_id)
        values = {"lease": self.lease, "due_datetime": self.lease_end}
        # One event's rows are waited for: MariaDB also locks, for a moment, rows that another
        # run only looks at, and nobody comes back for a row that was skipped here.
        if event_id is None and (
            connections[self.using].features.has_select_for_update_skip_locked
        ):
            with transaction.atomic(using=self.using):
                locked = due.select_for_update(skip_locked=True).order_by("due_datetime", "pk")
                self.ids = list(locked.values_list("pk", flat=True)[:size])
                self._table.filter(pk__in=self.ids).write(**values)
        else:
            first = due.order_by("due_datetime", "pk")[:size]
            self.ids = list(first.values_list("pk", flat=True))
            # Another run may have taken some since: the condition is put once more.
            due.filter(pk__in=self.ids).write(**values)
        if self.ids:
            held = self._held.select_related("event__ticket", "recipient")
            self.rows = list(held.order_by("channel", "pk"))
        found = len(self.ids)
        self.ids = [row.pk for row in self.rows]
        return found

    def send(self) -> None:
        """Send the rows and write down what became of each."""
        channels = {channel.name: channel for channel in active_channels()}
        try:
            for name, rows in groupby(self.rows, key=attrgetter("channel")):
                for outcome in self._outcomes(channels.get(name), list(rows)):
                    self._record(outcome)
                    if timezone.now() >= self.deadline:
                        return
        finally:
            if self.ids:
                # There was no time for these; whoever comes next may take them at once.
                self._held.write(lease=None, due_datetime=timezone.now())

    def _outcomes(self, channel: Channel | None, rows: Sequence[Notification]) -> Iterator[Outcome]:
        if channel is None:
            error = f"No channel of the name {rows[0].channel!r} is set up."
            yield from (Outcome(notification=row, error=error) for row in rows)
            return
        remaining = {row.pk: row for row in rows}
        surprises = 0
        while remaining:
            try:
                yield from _sent(channel, remaining)
            except ChannelUnavailableError as error:
                logger.warning("Channel %s is unavailable: %s", channel.name, error)
                self._postpone(remaining, str(error))
                return
            except Exception as error:
                # A host's channel may raise anything. It goes through its rows in order,
                # so the next one was the one, unless it happens again and again.
                logger.exception("Channel %s failed.", channel.name)
                surprises += 1
                description = f"{type(error).__name__}: {error}"[:1000]
                if surprises >= MAX_SURPRISES:
                    self._postpone(remaining, description)
                    return
                row = remaining.pop(next(iter(remaining)))
                yield Outcome(notification=row, error=description)

    def _postpone(self, ids: Collection[int], error: str) -> None:
        """Have rows wait without an attempt counting against them."""
        self.report.postponed += self._table.filter(pk__in=ids, lease=self.lease).write(
            lease=None, due_datetime=timezone.now() + _jitter(PAUSE), error=error
        )
        self.ids = [row_id for row_id in self.ids if row_id not in ids]

    def _record(self, outcome: Outcome) -> None:
        try:
            self._write_outcome(outcome)
        except DatabaseError:
            # What was sent and not written down would be sent again: one more try.
            logger.exception("Notification %s: recording failed.", outcome.notification.pk)
            self._write_outcome(outcome)

    def _write_outcome(self, outcome: Outcome) -> None:
        row, now = outcome.notification, timezone.now()
        values: dict[str, Any] = {
            "lease": None,
            "due_datetime": None,
            "attempts": row.attempts + 1,
            "error": outcome.error,
        }
        if not outcome.error:
            result = "sent"
            values |= {"status": NotificationStatusChoices.SENT, "sent_datetime": now}
        elif outcome.is_permanent or now - row.created_datetime > GIVE_UP_AFTER:
            result = "failed"
            values |= {"status": NotificationStatusChoices.FAILED}
        else:
            result = "retried"
            values |= {"due_datetime": now + backoff(row.attempts)}
        self._table.filter(pk=row.pk, lease=self.lease).write(**values)
        self.ids.remove(row.pk)
        # Only now, for a record that fails is written once more.
        setattr(self.report, result, getattr(self.report, result) + 1)


def _sent(channel: Channel, remaining: dict[int, Notification]) -> Iterator[Outcome]:
    """Have rows sent; each is taken out as soon as it has an outcome."""
    for outcome in channel.send(list(remaining.values())):
        if remaining.pop(outcome.notification.pk, None) is not None:
            yield outcome
    while remaining:
        _pk, row = remaining.popitem()
        yield Outcome(notification=row, error="The channel did not say.")


def backoff(attempts: int) -> timedelta:
    """Say how long to wait before the next attempt.

    Args:
        attempts: How many attempts there were before the one that just failed.

    Returns:
        A time that doubles from attempt to attempt up to a limit, give or take a fifth,
        so that rows that failed together do not come back together.
    """
    return _jitter(min(FIRST_RETRY * 2 ** min(attempts, 16), LAST_RETRY))


def _jitter(time: timedelta) -> timedelta:
    return time * random.uniform(0.8, 1.2)  # noqa: S311 -- no secret
