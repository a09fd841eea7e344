"""The rows that a delivery run holds at one time: taken, sent, and written down.

Taking them is one short transaction; sending happens outside any; each result is written
down on its own, before the next message is sent. Whoever takes a row holds a lease on it
until its `due_datetime`; a run that dies leaves rows that are due again at that moment.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from django.db import DatabaseError, InterfaceError, connections
from django.db.models import Q
from django.utils import timezone

from help_desk.channels import active_channels
from help_desk.channels.base import ChannelUnavailableError, SendResult
from help_desk.choices import NotificationStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.delivery.retry import transitions
from help_desk.delivery.run import BATCH_SIZE
from help_desk.models import Notification
from help_desk.notifications.eligibility import skip_reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Sequence

    from help_desk.channels.base import Channel
    from help_desk.delivery.run import Run
    from help_desk.querysets import NotificationQuerySet

    Result = TypeVar("Result")

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
LEASE_RESERVE = timedelta(minutes=2)
"""A batch stops sending this long before its lease ends: longer than any one message takes,
and longer than the clocks of two machines differ."""
MAX_SURPRISES = 3
"""Errors of a kind that a channel does not know, after which it counts as unavailable."""
RETRY_DELAYS = (0.0, 0.2, 1.0, 3.0)
"""Seconds to wait before the database is asked again what failed: the victim of a deadlock
may ask at once, and a server that is restarted is back in a few seconds."""


class Batch:
    """The rows that one run holds at one time."""

    def __init__(self, run: Run) -> None:
        """Prepare an empty batch.

        Args:
            run: The run that it belongs to.
        """
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

    def take(self, size: int) -> int:
        """Take due rows.

        Args:
            size: How many at most.

        Returns:
            How many were there to be taken; another run may have been faster.
        """
        due = self._table.due(timezone.now()).exclude(channel__in=self.run.blocked)
        if self.run.event_id is not None:
            due = due.filter(event_id=self.run.event_id)
        return self._claim(due.order_by("due_datetime", "pk"), size)

    def _claim(self, rows: NotificationQuerySet, size: int) -> int:
        def claim() -> list[int]:
            # Nobody comes back at once for a row of one event that was skipped.
            waits = self.run.event_id is not None
            return rows.claim(lease=self.lease, until=self.lease_end, size=size, waits=waits)

        ids = retry_on_db_error(claim, self.run.using)
        self.undecided.update(ids)
        return len(ids)

    def send(self) -> bool:
        """Send the rows and write down what became of each.

        Returns:
            Whether there was time for all of them.
        """
        try:
            self._read()
            if self._claim_companions():
                self._read()
            self._skip()
            for name, rows in groupby(self.rows, key=attrgetter("channel")):
                if not self._send_by(name, list(rows)):
                    return False
        finally:
            self._give_back()
        return True

    def _read(self) -> None:
        """Load those rows that are really held."""
        held = self._table.filter(pk__in=self.undecided, lease=self.lease).select_related(
            "event__ticket", "event__actor", "event__comment", "recipient"
        )
        self.rows = list(held.order_by("channel", "pk")) if self.undecided else []
        self.undecided = {row.pk for row in self.rows}

    def _claim_companions(self) -> int:
        """Take the rows, too, that a bundling channel would put into the same messages."""
        bundling = {name for name, channel in self.channels.items() if channel.bundles}
        rows = [row for row in self.rows if row.channel in bundling and row.recipient_id]
        if not rows:
            return 0
        now = timezone.now()
        window = timedelta(seconds=help_desk_settings.CHANGES_WINDOW)
        same_work = Q()
        for ticket_id, actor_id in {(row.event.ticket_id, row.event.actor_id) for row in rows}:
            same_work |= Q(event__ticket_id=ticket_id, event__actor_id=actor_id)
        unheld = self._table.filter(status=NotificationStatusChoices.WAITING, lease=None)
        companions = unheld.filter(
            Q(due_datetime__lte=now) | Q(same_work, due_datetime__lte=now + window),
            channel__in=bundling,
            recipient_id__in={row.recipient_id for row in rows},
        )
        ids = list(companions.values_list("pk", flat=True)[:BATCH_SIZE])
        # The join with events stays outside, so that no event is locked.
        return self._claim(unheld.filter(pk__in=ids), BATCH_SIZE) if ids else 0

    def _skip(self) -> None:
        """Set aside what is no longer to be sent."""
        by_reason = defaultdict(set)
        for row_id, reason in skip_reasons(
            self.rows, self.channels.values(), self.run.using
        ).items():
            by_reason[reason].add(row_id)
        for reason, ids in by_reason.items():
            self._write(
                "skipped",
                ids,
                status=NotificationStatusChoices.SKIPPED,
                lease=None,
                due_datetime=None,
                error=reason,
            )
        self.rows = [row for row in self.rows if row.pk in self.undecided]

    def _send_by(self, name: str, rows: list[Notification]) -> bool:
        """Send rows by one channel; say whether there was time for all of them."""
        channel = self.channels.get(name)
        if channel is None:
            self._record(
                SendResult(notifications=rows, error=f"No channel of the name {name!r} is set up.")
            )
            return True
        with closing(self._outcomes(channel, {row.pk: row for row in rows})) as outcomes:
            for outcome in outcomes:
                self._record(outcome)
                if self.run.progress is not None:
                    self.run.progress(self.run.report)
                if self._is_over:
                    return False
        return True

    def _outcomes(
        self, channel: Channel, remaining: dict[int, Notification]
    ) -> Generator[SendResult]:
        """Have rows sent; whatever a channel does, each row has one outcome."""
        for surprise in range(1, MAX_SURPRISES + 1):
            is_blocked, trouble = surprise == MAX_SURPRISES, ""
            try:
                yield from _said(channel, remaining)
            except ChannelUnavailableError as error:
                logger.warning("Channel %s is unavailable: %s", channel.name, error)
                trouble, is_blocked = str(error), True
            except Exception as error:
                # A host's channel may raise anything. It goes through its rows in order,
                # so the next one was the one, unless it happens again and again.
                logger.exception("Channel %s failed.", channel.name)
                _leave_broken_connection(self.run.using)
                trouble = f"{type(error).__name__}: {error}"[:1000]
            if not remaining:
                return
            if is_blocked:
                self.run.blocked.add(channel.name)
                rest = tuple(remaining.values())
                yield SendResult(notifications=rest, error=trouble, is_postponed=True)
                return
            yield SendResult(notifications=(remaining.pop(next(iter(remaining))),), error=trouble)

    def _record(self, outcome: SendResult) -> None:
        for counter, rows, values in transitions(outcome):
            self._write(counter, {row.pk for row in rows}, **values)

    def _write(self, counter: str, ids: Collection[int], **values: object) -> None:
        """Write down what became of rows, unless another run holds them by now."""
        # If that fails, what was sent must not be given back to be sent again at once.
        self.undecided.difference_update(ids)
        held = self._table.filter(pk__in=ids, lease=self.lease)
        self.run.report.count(
            counter, retry_on_db_error(lambda: held.write(**values), self.run.using)
        )

    def _give_back(self) -> None:
        """Let whoever comes next have at once what there was no time for."""
        if not self.undecided:
            return
        held = self._table.filter(pk__in=self.undecided, lease=self.lease)
        try:
            held.write(lease=None, due_datetime=timezone.now())
        except (DatabaseError, InterfaceError):
            logger.exception("Rows could not be given back; they are due when their lease ends.")


def _said(channel: Channel, remaining: dict[int, Notification]) -> Iterator[SendResult]:
    """Have rows sent; each is taken out as soon as it has its outcome."""
    if not remaining:
        return
    for outcome in channel.send(list(remaining.values())):
        # A channel may say something twice, or of rows that it was not given.
        rows = [remaining.pop(row.pk) for row in outcome.notifications if row.pk in remaining]
        if rows:
            yield replace(outcome, notifications=rows)
    if remaining:
        silent: Sequence[Notification] = tuple(remaining.values())
        remaining.clear()
        yield SendResult(notifications=silent, error="The channel did not say what became of it.")


def retry_on_db_error(action: Callable[[], Result], using: str) -> Result:
    """Ask the database again where it fails in passing.

    Args:
        action: One statement, or one transaction, that may be done twice.
        using: Alias of the database.

    Returns:
        What the action returns.

    Raises:
        DatabaseError: It failed every time.
        InterfaceError: So did the connection.
    """
    for wait in RETRY_DELAYS:
        try:
            return action()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The database failed; asking again: %s", error)
            _leave_broken_connection(using)
            time.sleep(wait)
    return action()


def _leave_broken_connection(using: str) -> None:
    """Have the next query open a new connection, if this one does not work any more."""
    connection = connections[using]
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
