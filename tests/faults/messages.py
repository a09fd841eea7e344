"""Whether each email was sent once, and by the run that had the lease.

An attempt is one message of one run. The journal says when it began (`attempt`), when the mail
server accepted it (`accepted`), when the run had its result (`result`), and that the result was
recorded (`recorded`).
"""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from help_desk.models import Notification
from tests.faults.deliveries import DATABASE_ERROR
from tests.faults.history import Event, Ticket
from tests.faults.recipients import Oracle

CLOCK = 0.05
"""Seconds by which a statement may have read the clock before its row was locked."""
KILLED = {-signal.SIGKILL, -signal.SIGTERM}
"""Exit codes of runs that were killed. Only the command handles SIGTERM; other runs die of it."""


@dataclass
class Attempt:
    """One message of one run."""

    id: str
    run: str
    rows: list[int]
    leases: list[str]
    lease_end: float
    asked: float
    start: float
    end: float | None = None
    error: str = ""
    accepted: float | None = None
    is_confirmed: bool = False
    recorded: float | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the run had an error as a result, so that the rows could be sent again."""
        return self.end is not None and bool(self.error)


class MessageChecks:
    """Compares the journal with the rows."""

    def __init__(
        self, tickets: Mapping[int, Ticket], journal: list[dict[str, Any]], oracle: Oracle
    ) -> None:
        self.tickets = tickets
        self.journal = journal
        self.oracle = oracle
        self.attempts = self._read_attempts()
        self.by_row: dict[int, list[Attempt]] = defaultdict(list)
        for attempt in self.attempts.values():
            for row in attempt.rows:
                self.by_row[row].append(attempt)
        self.last_of_run = {attempt.run: attempt for attempt in self.attempts.values()}
        self.codes = {entry["run"]: entry["code"] for entry in journal if entry["kind"] == "ended"}
        self.rejections = {entry["mark"]: entry["address"] for entry in journal if "mark" in entry}
        self.duplicates: Counter[str] = Counter()
        """Cause to number of explained duplicates."""

    def _read_attempts(self) -> dict[str, Attempt]:
        attempts: dict[str, Attempt] = {}
        self.unknown: list[dict[str, Any]] = []
        for entry in self.journal:
            if entry["kind"] == "attempt":
                fields = ("id", "run", "rows", "leases", "lease_end", "asked")
                attempt = Attempt(*(entry[name] for name in fields), start=entry["time"])
                attempts[entry["id"]] = attempt
            elif entry["kind"] == "result":
                attempts[entry["id"]].end = entry["time"]
                attempts[entry["id"]].error = entry["error"]
            elif entry["kind"] == "recorded" and entry["id"]:
                attempts[entry["id"]].recorded = entry["time"]
            elif entry["kind"] == "accepted":
                if entry["id"] not in attempts:
                    self.unknown.append(entry)
                    continue
                attempts[entry["id"]].accepted = entry["time"]
                attempts[entry["id"]].is_confirmed = entry["is_confirmed"]
        return attempts

    # Leases

    def lease_problems(self) -> Iterator[str]:
        """Yield attempts that overlapped, or that had no lease."""
        runs: dict[str, str] = {}
        for attempt in self.attempts.values():
            if len(attempt.leases) != 1 or "None" in attempt.leases:
                yield f"run {attempt.run} sent rows {attempt.rows} with leases {attempt.leases}"
            for lease in attempt.leases:
                if runs.setdefault(lease, attempt.run) != attempt.run:
                    yield f"run {attempt.run} sent rows {attempt.rows} of run {runs[lease]}"
            if attempt.asked > attempt.lease_end:
                late = attempt.asked - attempt.lease_end
                yield f"run {attempt.run} sent {attempt.rows} {late:.2f} s after its lease"
        for row, attempts in self.by_row.items():
            attempts.sort(key=lambda attempt: attempt.asked)
            for index, attempt in enumerate(attempts):
                yield from self._overlaps(row, attempt, attempts[:index])

    def _overlaps(self, row: int, attempt: Attempt, earlier: Iterable[Attempt]) -> Iterator[str]:
        for other in earlier:
            has_failed = other.has_failed and (other.end or 0) <= attempt.asked
            if not has_failed and attempt.asked < other.lease_end - CLOCK:
                yield (
                    f"row {row}: run {attempt.run} sent it at {attempt.asked:.3f}, while run "
                    f"{other.run} had it until {other.lease_end:.3f}"
                )

    # Duplicates

    def duplicate_problems(self) -> Iterator[str]:
        """Yield messages that were accepted again without an explanation."""
        for row, attempts in self.by_row.items():
            accepted = sorted(
                (attempt for attempt in attempts if attempt.accepted is not None),
                key=lambda attempt: attempt.start,
            )
            for attempt in accepted[:-1]:
                cause = self._explanation(attempt)
                if cause:
                    self.duplicates[cause] += 1
                else:
                    yield f"row {row}: sent again, although {attempt} was recorded or should be"

    def _explanation(self, attempt: Attempt) -> str:
        """Return why an accepted message may be sent again; empty if there is no reason."""
        if not attempt.is_confirmed:
            return "accepted, not confirmed"
        if attempt.recorded is not None and attempt.recorded > attempt.lease_end - CLOCK:
            return "lease ended before the record"
        is_last = self.last_of_run[attempt.run] is attempt
        code = self.codes.get(attempt.run)
        if is_last and attempt.recorded is None and code in KILLED:
            return "killed before the record"
        return "database failed at the record" if is_last and code == DATABASE_ERROR else ""

    # Rows

    def row_problems(self, expected: set[tuple[int, str, str]]) -> Iterator[str]:
        """Yield rows that are missing, superfluous, or in a state that nothing explains."""
        events = {event.id: event for ticket in self.tickets.values() for event in ticket.events}
        found = Counter[tuple[int, str, str]]()
        self.states: Counter[str] = Counter()
        for row in Notification.objects.select_related("recipient").order_by("pk"):
            address = row.address if row.channel == "email" else row.recipient.username
            found[row.event_id, row.channel, address] += 1
            if row.channel == "email":
                self.states[str(row.status)] += 1
                yield from self._check_email(row, events[row.event_id])
            elif row.status != "sent":
                yield f"row {row.pk}: in the app, but {row.status}"
        for key in sorted(expected - found.keys()):
            yield f"event {key[0]}: {key[2]} was not notified by {key[1]}"
        for key in sorted(found.keys() - expected):
            yield f"event {key[0]}: {key[2]} should not be notified by {key[1]}"
        yield from (f"{key}: {count} rows" for key, count in found.items() if count > 1)
        yield from (f"a message of no known attempt: {entry}" for entry in self.unknown)

    def _check_email(self, row: Notification, event: Event) -> Iterator[str]:
        accepted = [attempt for attempt in self.by_row[row.pk] if attempt.accepted is not None]
        reason = self._missing_reason(row, event, is_accepted=bool(accepted))
        if reason:
            yield f"row {row.pk}: {row.status}, but {reason} (error: {row.error!r})"
        if row.status != "sent":
            yield from self._check_unsent(row, accepted)
        if row.lease is not None or row.due_datetime is not None:
            yield f"row {row.pk}: {row.status}, but still due {row.due_datetime} ({row.lease})"

    def _missing_reason(self, row: Notification, event: Event, *, is_accepted: bool) -> str:
        """Return what a row's state lacks; empty if nothing."""
        if row.status == "sent":
            if row.error:
                return "it has an error"
            return "" if is_accepted else "the server did not accept it"
        if row.status == "skip":
            may_be = self.oracle.may_be_skipped(self.tickets[event.ticket], event, row.address)
            return "" if may_be else "nothing allows that"
        if row.status == "fail":
            mark = row.error.split()[-1] if row.error else ""
            has_cause = self.rejections.get(mark) == row.address
            return "" if has_cause else "the server did not reject it"
        return "nothing is to be left over"

    def _check_unsent(self, row: Notification, accepted: Iterable[Attempt]) -> Iterator[str]:
        """A row that was accepted is neither failed nor skipped, unless nobody knew of it."""
        for attempt in accepted:
            if not self._explanation(attempt):
                yield f"row {row.pk}: {row.status}, but {attempt} was accepted"

    def content_problems(self) -> Iterator[str]:
        """Yield messages without the text of one of their rows, or to another address."""
        rows = Notification.objects.filter(channel="email").select_related("event")
        needed = {}
        for row in rows:
            changes = row.event.changes
            name = "text" if row.event.type == "comment" else "description"
            is_text = row.event.type in {"comment", "new"}
            token = changes[name][1].split()[-1] if is_text else None
            needed[row.pk] = (row.address, token)
        for entry in self.journal:
            if entry["kind"] != "accepted" or entry["id"] not in self.attempts:
                continue
            for row_id in self.attempts[entry["id"]].rows:
                address, token = needed[row_id]
                if entry["to"] != [address] or (token and token not in entry["tokens"]):
                    yield f"row {row_id}: sent to {entry['to']} with {entry['tokens']}"
