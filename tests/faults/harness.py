"""Create tickets and comments, deliver them under faults, and count the results."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import uuid
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import DatabaseError, OperationalError, connection, connections

from help_desk.choices import NotificationStatusChoices
from help_desk.delivery import batch, retry, runner
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_WAIT = 120
"""Seconds to wait at the end for rows that are still waiting."""


@dataclass
class Result:
    """The results of a run.

    Attributes:
        faults: Kind of fault to the number of times it happened.
        tickets: Tickets that were created.
        comments: Comments that were added.
        expected: Emails that should have been sent.
        lost: Emails that were not received although their row did not fail.
        stuck: Rows that are still waiting.
        duplicates: Emails that were received again.
        unconfirmed: Duplicates that the server caused: it accepted the first message, but
            disconnected before it confirmed that.
        failed: Rows that failed permanently, with an error.
        partial_writes: Tickets and comments without their event or notifications.
        seconds: How long the run took.
    """

    faults: Counter[str] = field(default_factory=Counter)
    tickets: int = 0
    comments: int = 0
    expected: int = 0
    lost: int = 0
    stuck: int = 0
    duplicates: int = 0
    unconfirmed: int = 0
    failed: int = 0
    partial_writes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def other_duplicates(self) -> int:
        """Emails that were received again although the server had confirmed them."""
        return self.duplicates - self.unconfirmed

    @property
    def has_passed(self) -> bool:
        """Whether nothing was lost, and duplicates are explained by kills."""
        is_complete = not (self.lost or self.stuck or self.partial_writes)
        return is_complete and self.other_duplicates <= self.faults["kill"]


def shorten_delays() -> None:
    """Shorten every delay, so that a run takes seconds instead of days."""
    retry.FIRST_RETRY = timedelta(milliseconds=20)
    retry.LAST_RETRY = retry.CHANNEL_PAUSE = timedelta(milliseconds=100)
    retry.RETRY_DELAYS = (0.0, 0.01)
    batch.LEASE = timedelta(seconds=8)
    batch.LEASE_RESERVE = timedelta(seconds=4)


@contextmanager
def failing_statement(number: int, on_failure: Callable[[], None]) -> Iterator[None]:
    """Make the n-th SQL statement fail as if the database were gone."""
    seen = 0

    def execute(run: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == number:
            on_failure()
            message = "an injected fault"
            raise OperationalError(message)
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


class Harness:
    """One run."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.random = random.Random(seed)
        self.result = Result()
        self.users = [self._create_user(name) for name in ("rosa", "mona", "igor")]
        shorten_delays()

    def run(self, faults: int) -> Result:
        """Cause at least this many faults, wait until nothing is due, and count the results."""
        start = time.monotonic()
        self.fail_every_statement_once()
        while sum(self.count_faults().values()) < faults:
            self._write_with_faults()
            self._deliver_with_faults()
        (self.directory / "calm").touch()
        self._wait_until_delivered()
        self.result.faults = self.count_faults()
        self._count_results()
        self.result.seconds = time.monotonic() - start
        return self.result

    def fail_every_statement_once(self) -> None:
        """Fail the first statement of each action, then the second, until none is left."""
        for action in (self._create, self._comment, self._deliver_some):
            kind = "statement of a delivery" if action == self._deliver_some else "statement"
            number = 1
            while True:
                self._create()
                if not self._try(action, number, kind):
                    break
                number += 1

    def count_faults(self) -> Counter[str]:
        """Count the faults by kind: those of this process, its children and the mail server."""
        counts = Counter(self.result.faults)
        counts.update(entry["fault"] for entry in self._journal() if "fault" in entry)
        children = self.directory.glob("statement-fault-*")
        counts["statement of a delivery"] += sum(1 for _ in children)
        return counts

    # Actions

    def _create_user(self, name: str) -> Any:
        user = get_user_model().objects.create(username=name, email=f"{name}@people.example.com")
        permissions = Permission.objects.filter(content_type__model="helpdeskticket")
        user.user_permissions.set(permissions)
        return user

    def _create(self) -> None:
        HelpDeskTicket().services.create(
            self.random.choice(self.users),
            purpose="app",
            priority="med",
            description=f"It broke. T{uuid.UUID(int=self.random.getrandbits(128)).hex}",
        )

    def _comment(self) -> None:
        ticket = HelpDeskTicket.objects.order_by("-pk")[: self.random.randint(1, 5)].all()[0]
        ticket.services.comment(
            self.random.choice(self.users),
            f"I see. C{uuid.UUID(int=self.random.getrandbits(128)).hex}",
        )

    def _deliver_some(self) -> None:
        runner.deliver(max_rows=10)

    def _try(self, action: Callable[[], None], number: int, kind: str) -> bool:
        has_failed = False

        def record() -> None:
            nonlocal has_failed
            has_failed = True
            self.result.faults[kind] += 1

        with suppress(DatabaseError), failing_statement(number, record):
            action()
        return has_failed

    def _write_with_faults(self) -> None:
        for _ in range(self.random.randint(3, 10)):
            action = self.random.choice([self._create, self._comment, self._comment])
            if self.random.random() < 0.2:
                self._try(action, self.random.randint(1, 25), "statement")
            else:
                action()

    def _deliver_with_faults(self) -> None:
        """Start concurrent runs; some fail at a statement, some are killed."""
        connections.close_all()
        runs = {self._start_run() for _ in range(self.random.randint(1, 8))}
        for process in sorted(runs):
            if self.random.random() < 0.3:
                time.sleep(self.random.random() * 0.1)
                self._kill(process)
        for process in runs:
            with suppress(ChildProcessError):
                os.waitpid(process, 0)

    def _start_run(self) -> int:
        statement = self.random.randint(1, 40) if self.random.random() < 0.3 else 0
        process = os.fork()
        if process == 0:
            self._run_in_child(statement)
        return process

    def _run_in_child(self, statement: int) -> None:
        """Deliver in a child process, and always end it."""

        def record() -> None:
            (self.directory / f"statement-fault-{uuid.uuid4().hex}").touch()

        try:
            with failing_statement(statement, record):
                runner.deliver(max_time=timedelta(seconds=5))
        finally:
            os._exit(0)

    def _kill(self, process: int) -> None:
        ended, _status = os.waitpid(process, os.WNOHANG)
        if ended == 0:
            os.kill(process, signal.SIGKILL)
            self.result.faults["kill"] += 1

    def _wait_until_delivered(self) -> None:
        end = time.monotonic() + MAX_WAIT
        waiting = Notification.objects.filter(status=NotificationStatusChoices.WAITING)
        while waiting.exists() and time.monotonic() < end:
            with suppress(DatabaseError):
                runner.deliver()
            time.sleep(0.1)

    # Results

    def _journal(self) -> Iterator[dict[str, Any]]:
        path = self.directory / "journal"
        if path.exists():
            with path.open() as lines:
                yield from (json.loads(line) for line in lines if line.endswith("\n"))

    def _count_results(self) -> None:
        result = self.result
        received: Counter[tuple[str, str]] = Counter()
        unconfirmed: Counter[tuple[str, str]] = Counter()
        for entry in self._journal():
            for address in entry.get("to", ()):
                keys = [(address.lower(), token) for token in entry["tokens"]]
                received.update(keys)
                unconfirmed.update(keys if entry["is_unconfirmed"] else ())
        result.duplicates = sum(count - 1 for count in received.values())
        result.unconfirmed = sum(
            min(unconfirmed[key], count - 1) for key, count in received.items()
        )
        rows = Notification.objects.filter(channel="email").select_related("event")
        for row in rows:
            text = row.event.new_value("text") or row.event.new_value("description")
            key = (str(row.address).lower(), text.split()[-1])
            result.expected += 1
            if row.status == NotificationStatusChoices.WAITING:
                result.stuck += 1
            elif row.status == NotificationStatusChoices.FAILED and row.error:
                result.failed += 1
            elif not received[key]:
                result.lost += 1
        result.tickets = HelpDeskTicket.objects.count()
        result.comments = TicketComment.objects.count()
        result.partial_writes = list(self._partial_writes())

    def _partial_writes(self) -> Iterator[str]:
        """Yield tickets and comments without their event, or without its notifications."""
        admins = 2
        for ticket in HelpDeskTicket.objects.prefetch_related("events__notifications"):
            news = [event for event in ticket.events.all() if event.type == TicketEventType.NEW]
            emails = [
                row for event in news for row in event.notifications.all() if row.channel == "email"
            ]
            if len(news) != 1 or len(emails) != admins:
                yield f"{ticket}: {len(news)} NEW events, {len(emails)} emails"
        events = TicketEvent.objects.filter(type=TicketEventType.COMMENT)
        notified = events.filter(notification__channel="in_app").values("comment_id")
        without_event = TicketComment.objects.exclude(pk__in=events.values("comment_id"))
        for comment in without_event:
            yield f"{comment}: no event"
        not_notified = TicketComment.objects.exclude(pk__in=notified).select_related("ticket")
        for comment in not_notified:
            if comment.author_id != comment.ticket.created_by_id:
                yield f"{comment}: the creator was not notified"
