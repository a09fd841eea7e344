"""Makes tickets and comments, delivers them under faults, and counts what came of it."""

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
from help_desk.delivery import batch
from help_desk.delivery import retry as retries
from help_desk.delivery import runner as delivery
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RETRY_DELAYS = 120
"""Seconds to wait at the end for what still waits."""


@dataclass
class Result:
    """What the faults did.

    Attributes:
        faults: Kind of fault to how often it happened.
        tickets: Tickets that were filed.
        comments: Comments that were written.
        expected: Messages that people should have got.
        lost: Those that nobody got and that no row calls failed.
        stuck: Rows that still wait.
        duplicates: Messages that somebody got once more.
        after_silence: Those of them that came again because the server had taken them and
            hung up before it said so.
        refused: Rows that failed for good, and say why.
        half_made: What is in the database that should not be there by itself.
        seconds: How long it took.
    """

    faults: Counter[str] = field(default_factory=Counter)
    tickets: int = 0
    comments: int = 0
    expected: int = 0
    lost: int = 0
    stuck: int = 0
    duplicates: int = 0
    after_silence: int = 0
    refused: int = 0
    half_made: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def other_duplicates(self) -> int:
        """Messages that came again though the server had said that it took them."""
        return self.duplicates - self.after_silence

    @property
    def is_good(self) -> bool:
        """Whether what was promised was kept."""
        is_whole = not (self.lost or self.stuck or self.half_made)
        return is_whole and self.other_duplicates <= self.faults["kill"]


def hurry() -> None:
    """Shorten every wait, so that a run takes seconds and not days."""
    retries.FIRST_RETRY = timedelta(milliseconds=20)
    retries.LAST_RETRY = retries.PAUSE = timedelta(milliseconds=100)
    batch.LEASE = timedelta(seconds=8)
    batch.LEASE_RESERVE = timedelta(seconds=4)
    batch.RETRY_DELAYS = (0.0, 0.01)


@contextmanager
def failing_statement(number: int, happened: Callable[[], None]) -> Iterator[None]:
    """Have the n-th SQL statement fail as if the database had gone."""
    seen = 0

    def execute(run: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == number:
            happened()
            message = "a fault on purpose"
            raise OperationalError(message)
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


class Harness:
    """One run of it."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.directory = directory
        self.random = random.Random(seed)
        self.result = Result()
        self.people = [self._person(name) for name in ("rosa", "mona", "igor")]
        hurry()

    def run(self, faults: int) -> Result:
        """Cause at least so many faults, then let everything come to rest, and count."""
        start = time.monotonic()
        self.every_statement_once()
        while sum(self.faults_so_far().values()) < faults:
            self._write_something()
            self._deliver_with_faults()
        (self.directory / "calm").touch()
        self._come_to_rest()
        self.result.faults = self.faults_so_far()
        self._count()
        self.result.seconds = time.monotonic() - start
        return self.result

    def every_statement_once(self) -> None:
        """Fail the first statement of each action, then the second, until none is left."""
        for action in (self._file, self._comment, self._deliver_some):
            kind = "statement of a delivery" if action == self._deliver_some else "statement"
            number = 1
            while True:
                self._file()
                happened = self._try(action, number, kind)
                if not happened:
                    break
                number += 1

    def faults_so_far(self) -> Counter[str]:
        """Count the faults by kind: those caused here, and those in the server's journal."""
        counts = Counter(self.result.faults)
        counts.update(entry["fault"] for entry in self._journal() if "fault" in entry)
        for path in self.directory.glob("statement-fault-*"):
            counts["statement of a delivery"] += 1
            del path
        return counts

    # What is done

    def _person(self, name: str) -> Any:
        user = get_user_model().objects.create(username=name, email=f"{name}@people.example.com")
        permissions = Permission.objects.filter(content_type__model="helpdeskticket")
        user.user_permissions.set(permissions)
        return user

    def _file(self) -> None:
        HelpDeskTicket().services.create(
            self.random.choice(self.people),
            purpose="app",
            priority="med",
            description=f"It broke. T{uuid.UUID(int=self.random.getrandbits(128)).hex}",
        )

    def _comment(self) -> None:
        ticket = HelpDeskTicket.objects.order_by("-pk")[: self.random.randint(1, 5)].all()[0]
        ticket.services.comment(
            self.random.choice(self.people),
            f"Hm. C{uuid.UUID(int=self.random.getrandbits(128)).hex}",
        )

    def _deliver_some(self) -> None:
        delivery.deliver(max_rows=10)

    def _try(self, action: Callable[[], None], number: int, kind: str) -> bool:
        happened = False

        def note() -> None:
            nonlocal happened
            happened = True
            self.result.faults[kind] += 1

        with suppress(DatabaseError), failing_statement(number, note):
            action()
        return happened

    def _write_something(self) -> None:
        for _ in range(self.random.randint(3, 10)):
            action = self.random.choice([self._file, self._comment, self._comment])
            if self.random.random() < 0.2:
                self._try(action, self.random.randint(1, 25), "statement")
            else:
                action()

    def _deliver_with_faults(self) -> None:
        """Start some runs at once; some fail at a statement, some are killed."""
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
            self._be_a_run(statement)
        return process

    def _be_a_run(self, statement: int) -> None:
        """Deliver in a process of its own, and end it whatever happens."""

        def note() -> None:
            (self.directory / f"statement-fault-{uuid.uuid4().hex}").touch()

        try:
            with failing_statement(statement, note):
                delivery.deliver(max_time=timedelta(seconds=5))
        finally:
            os._exit(0)

    def _kill(self, process: int) -> None:
        ended, _status = os.waitpid(process, os.WNOHANG)
        if ended == 0:
            os.kill(process, signal.SIGKILL)
            self.result.faults["kill"] += 1

    def _come_to_rest(self) -> None:
        end = time.monotonic() + RETRY_DELAYS
        waiting = Notification.objects.filter(status=NotificationStatusChoices.WAITING)
        while waiting.exists() and time.monotonic() < end:
            with suppress(DatabaseError):
                delivery.deliver()
            time.sleep(0.1)

    # What came of it

    def _journal(self) -> Iterator[dict[str, Any]]:
        path = self.directory / "journal"
        if path.exists():
            with path.open() as lines:
                yield from (json.loads(line) for line in lines if line.endswith("\n"))

    def _count(self) -> None:
        result = self.result
        got: Counter[tuple[str, str]] = Counter()
        silent: Counter[tuple[str, str]] = Counter()
        for entry in self._journal():
            for address in entry.get("to", ()):
                keys = [(address.lower(), token) for token in entry["tokens"]]
                got.update(keys)
                silent.update(keys if entry["is_silent"] else ())
        result.duplicates = sum(count - 1 for count in got.values())
        result.after_silence = sum(min(silent[key], count - 1) for key, count in got.items())
        rows = Notification.objects.filter(channel="email").select_related("event")
        for row in rows:
            text = row.event.changes.get("text") or row.event.changes.get("description")
            key = (str(row.address).lower(), text[1].split()[-1])
            result.expected += 1
            if row.status == NotificationStatusChoices.WAITING:
                result.stuck += 1
            elif row.status == NotificationStatusChoices.FAILED and row.error:
                result.refused += 1
            elif not got[key]:
                result.lost += 1
        result.tickets = HelpDeskTicket.objects.count()
        result.comments = TicketComment.objects.count()
        result.half_made = list(self._half_made())

    def _half_made(self) -> Iterator[str]:
        """Look for tickets and comments without their event or without its notifications."""
        admins = 2
        for ticket in HelpDeskTicket.objects.prefetch_related("events__notifications"):
            news = [event for event in ticket.events.all() if event.type == TicketEventType.NEW]
            mails = [
                row for event in news for row in event.notifications.all() if row.channel == "email"
            ]
            if len(news) != 1 or len(mails) != admins:
                yield f"{ticket}: {len(news)} events of creation, {len(mails)} e-mails"
        events = TicketEvent.objects.filter(type=TicketEventType.COMMENT)
        told = events.filter(notification__channel="in_app").values("comment_id")
        author_only = TicketComment.objects.exclude(pk__in=events.values("comment_id"))
        for comment in author_only:
            yield f"{comment}: no event"
        alone = TicketComment.objects.exclude(pk__in=told).select_related("ticket")
        for comment in alone:
            if comment.author_id != comment.ticket.created_by_id:
                yield f"{comment}: its creator was not told"
