"""Half a year of activity on tickets, as data; `seed` writes it to the database."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from demo import calendar, people, texts
from demo.replies import Replies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

TICKETS = 208
WEEKS = 26
SEED = 114

REACTION = {"urge": (0.1, 1), "high": (0.5, 20), "med": (3, 110), "low": (12, 300)}
"""Range of hours until work begins, by priority."""
WORK = {"urge": (0.5, 8), "high": (2, 60), "med": (3, 160), "low": (2, 400)}
"""Range of hours until the ticket is done, by priority."""
STUCK, TRIAGED, REOPENED, DUPLICATE, ADDITION = 0.07, 0.14, 0.05, 0.03, 0.7
ASSIGNED, EXPLAINED = 0.3, 0.75
"""Probability of each per ticket."""
ACKNOWLEDGED, ASKED, NOTED, CONSULTED, THANKED = 0.45, 0.35, 0.25, 0.15, 0.4
"""Probability of each per ticket, after `REPLIES_FROM`."""
REPLIES_FROM = 0.4
"""The share of tickets after which users write replies; before that, they called."""


class Act(enum.Enum):
    CREATE = enum.auto()
    CHANGE = enum.auto()
    ASSIGN = enum.auto()
    START = enum.auto()
    REPLY = enum.auto()
    NOTE = enum.auto()
    DELETE = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One action of a user on a ticket.

    Attributes:
        time: The time of the action.
        number: The ticket, counted in the order of creation.
        act: The kind of action.
        actor: A username.
        fields: New values of the ticket's fields; with a reply, its status.
        text: The text of a reply or note.
        assignee: A username; for acts that assign the ticket.
    """

    time: datetime
    number: int
    act: Act
    actor: str
    fields: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    assignee: str = ""


def steps_until(now: datetime) -> list[Step]:
    """Return all steps in order of time; the random choices are the same in each run."""
    rng = Random(SEED)
    created = calendar.random_times(rng, now, weeks=WEEKS, number=TICKETS)
    reports = texts.reports(rng)
    steps = [
        step
        for number, time in enumerate(created)
        for step in _ticket_steps(rng, number, time, next(reports))
        if step.time <= now
    ]
    return sorted(steps, key=lambda step: step.time)


def _ticket_steps(rng: Random, number: int, time: datetime, report: texts.Report) -> Iterator[Step]:
    creator = _creator(rng, report, is_old=number < TICKETS // 2)
    yield Step(
        time=time,
        number=number,
        act=Act.CREATE,
        actor=creator,
        fields={
            "purpose": report.purpose,
            "priority": report.priority,
            "description": report.text,
        },
    )
    if rng.random() < DUPLICATE:
        deleted = calendar.add_hours(time, rng.uniform(0.2, 20))
        yield Step(time=deleted, number=number, act=Act.DELETE, actor=people.MANAGER)
        return
    priority = report.priority
    if rng.random() < TRIAGED:
        priority = texts.adjacent_priority(rng, priority)
        time = calendar.add_hours(time, rng.uniform(0.1, 3))
        fields = {"priority": priority}
        yield Step(time=time, number=number, act=Act.CHANGE, actor=people.MANAGER, fields=fields)
    yield from _TicketSteps(rng, number, time, report, priority, creator).steps()


class _TicketSteps:
    """The work on one ticket and the replies on it."""

    def __init__(
        self,
        rng: Random,
        number: int,
        time: datetime,
        report: texts.Report,
        priority: str,
        creator: str,
    ) -> None:
        self.rng, self.number, self.time = rng, number, time
        self.report, self.priority, self.creator = report, priority, creator
        app_assignees = (people.DEVELOPER, people.DEVELOPER, people.AGENT)
        company_assignees = (people.AGENT, people.AGENT, people.MANAGER)
        self.assignee = rng.choice(app_assignees if report.purpose == "app" else company_assignees)
        self.replies = Replies(rng, report.purpose, creator=creator, assignee=self.assignee)

    def steps(self) -> Iterator[Step]:
        """Yield what happens after the ticket was created and triaged."""
        is_stuck, is_reopened = self._is_chosen(STUCK), self._is_chosen(REOPENED)
        if is_stuck and self._is_chosen(0.5):
            yield self._reply((60, 200), self.creator, self.replies.from_creator("reminder"))
            return
        yield from self._begin()
        yield from self._discuss()
        if is_stuck:
            yield self._reply((60, 200), self.creator, self.replies.from_creator("reminder"))
            yield self._reply((0.5, 20), self.assignee, self.replies.from_assignee("news"))
            return
        yield self._end(WORK[self.priority], "solution")
        if is_reopened:
            yield self._reply((5, 100), self.creator, self.replies.from_creator("again"))
            yield self._step((0.1, 5), Act.START, self.assignee, assignee=self.assignee)
            yield self._end((3, 60), "second_solution")
        elif self._is_reply_chosen(THANKED):
            yield self._reply((0.2, 20), self.creator, self.replies.from_creator("thanks"))

    def _begin(self) -> Iterator[Step]:
        is_assigned = self._is_chosen(ASSIGNED)
        is_acknowledged = self._is_reply_chosen(ACKNOWLEDGED)
        hours = REACTION[self.priority]
        if is_assigned or is_acknowledged:
            actor = people.MANAGER if is_assigned else self.assignee
            yield self._step(hours, Act.ASSIGN, actor, assignee=self.assignee)
            hours = (0.02, 0.5)
        if is_acknowledged:
            yield self._reply(
                hours, self.assignee, self.replies.from_assignee("acknowledgment"), status="prog"
            )
        else:
            # The assignee assigns the ticket to themselves and starts it in one step.
            yield self._step(hours, Act.START, self.assignee, assignee=self.assignee)

    def _discuss(self) -> Iterator[Step]:
        if self._is_reply_chosen(ASKED):
            exchange = self.replies.exchange("question")
            yield self._reply((0.1, 2), self.assignee, exchange.question)
            yield self._reply((0.1, 6), self.creator, exchange.answer)
        if self._is_reply_chosen(CONSULTED):
            exchange = self.replies.exchange("consultation")
            yield self._step((0.1, 2), Act.NOTE, self.assignee, text=exchange.question)
            yield self._step((0.1, 6), Act.NOTE, self.replies.consulted, text=exchange.answer)
        elif self._is_reply_chosen(NOTED):
            yield self._step(
                (0.1, 2), Act.NOTE, self.assignee, text=self.replies.from_assignee("notes")
            )
        if self.report.addition and self._is_chosen(ADDITION):
            yield self._reply((0.2, 5), self.assignee, self.report.addition)

    def _end(self, hours: tuple[float, float], kind: str) -> Step:
        if self._is_chosen(EXPLAINED):
            return self._reply(
                hours, self.assignee, self.replies.from_assignee(kind), status="done"
            )
        return self._step(hours, Act.CHANGE, self.assignee, fields={"status": "done"})

    def _reply(self, hours: tuple[float, float], actor: str, text: str, **fields: str) -> Step:
        return self._step(hours, Act.REPLY, actor, text=text, fields=fields)

    def _step(self, hours: tuple[float, float], act: Act, actor: str, **rest: Any) -> Step:
        self.time = calendar.add_hours(self.time, self.rng.uniform(*hours))
        return Step(time=self.time, number=self.number, act=act, actor=actor, **rest)

    def _is_reply_chosen(self, chance: float) -> bool:
        is_late = self.number >= TICKETS * REPLIES_FROM
        return self._is_chosen(chance) and is_late

    def _is_chosen(self, chance: float) -> bool:
        return self.rng.random() < chance


def _creator(rng: Random, report: texts.Report, *, is_old: bool) -> str:
    candidates = [
        colleague.username
        for colleague in people.COLLEAGUES
        if colleague.department in report.departments and (colleague.is_active or is_old)
    ]
    # Most recent tickets of the department are by the demo user, so that her pages are not empty.
    return (
        people.REPORTER if people.REPORTER in candidates and not is_old else rng.choice(candidates)
    )
