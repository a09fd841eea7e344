"""What happens to the tickets in half a year, before any of it is written down."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from demo import calendar, people, texts
from demo.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

TICKETS = 208
WEEKS = 26
SEED = 114

REACTION = {"urge": (0.1, 1), "high": (0.5, 20), "med": (3, 110), "low": (12, 300)}
"""Hours until somebody begins, by priority."""
WORK = {"urge": (0.5, 8), "high": (2, 60), "med": (3, 160), "low": (2, 400)}
"""Hours until it is done."""
STUCK, TRIAGED, REOPENED, DUPLICATE, ADDITION = 0.07, 0.14, 0.05, 0.03, 0.7
GIVEN, EXPLAINED = 0.3, 0.75
"""How often each happens."""
TAKEN_ALOUD, ASKED, NOTED, CONSULTED, THANKED = 0.45, 0.35, 0.25, 0.15, 0.4
"""How often each happens lately; in the first months people still telephoned."""
TALKATIVE_FROM = 0.4
"""The part of the time that was over when they began to write."""


class Act(enum.Enum):
    FILE = enum.auto()
    CHANGE = enum.auto()
    ASSIGN = enum.auto()
    START = enum.auto()
    REPLY = enum.auto()
    NOTE = enum.auto()
    DELETE = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that somebody does to one ticket.

    Attributes:
        moment: When.
        place: Which ticket: its place in the order of filing.
        act: What.
        actor: Username of the actor.
        fields: The values that the ticket gets; with a reply or a note, perhaps a status.
        text: What somebody says.
        to: User name of who gets the ticket.
    """

    moment: datetime
    place: int
    act: Act
    actor: str
    fields: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    to: str = ""


def tell(now: datetime) -> list[Step]:
    """Make up everything that has happened until now; each time the same.

    Args:
        now: The end of the story.

    Returns:
        The steps in the order of their moments.
    """
    rng = Random(SEED)
    filed = calendar.moments(rng, now, weeks=WEEKS, number=TICKETS)
    drawn = texts.reports(rng)
    steps = [
        step
        for place, moment in enumerate(filed)
        for step in _life(rng, place, moment, next(drawn))
        if step.moment <= now
    ]
    return sorted(steps, key=lambda step: step.moment)


def _life(rng: Random, place: int, moment: datetime, report: texts.Report) -> Iterator[Step]:
    reporter = _filer(rng, report, is_old=place < TICKETS // 2)
    yield Step(
        moment=moment,
        place=place,
        act=Act.FILE,
        actor=reporter,
        fields={
            "purpose": report.purpose,
            "priority": report.priority,
            "description": report.text,
        },
    )
    if rng.random() < DUPLICATE:
        gone = calendar.after(moment, rng.uniform(0.2, 20))
        yield Step(moment=gone, place=place, act=Act.DELETE, actor=people.MANAGER)
        return
    priority = report.priority
    if rng.random() < TRIAGED:
        priority = texts.neighbour(rng, priority)
        moment = calendar.after(moment, rng.uniform(0.1, 3))
        fields = {"priority": priority}
        yield Step(moment=moment, place=place, act=Act.CHANGE, actor=people.MANAGER, fields=fields)
    yield from _Work(rng, place, moment, report, priority, reporter).steps()


class _Work:
    """Who works on one ticket, and what is done and said."""

    def __init__(
        self,
        rng: Random,
        place: int,
        moment: datetime,
        report: texts.Report,
        priority: str,
        reporter: str,
    ) -> None:
        self.rng, self.place, self.moment = rng, place, moment
        self.report, self.priority, self.reporter = report, priority, reporter
        app_people = (people.DEVELOPER, people.DEVELOPER, people.AGENT)
        company_people = (people.AGENT, people.AGENT, people.MANAGER)
        self.worker = rng.choice(app_people if report.purpose == "app" else company_people)
        self.talk = Talk(rng, report.purpose, reporter=reporter, worker=self.worker)

    def steps(self) -> Iterator[Step]:
        """Tell it from the moment at which the ticket lies there."""
        is_stuck, is_reopened = self._happens(STUCK), self._happens(REOPENED)
        if is_stuck and self._happens(0.5):
            yield self._reply((60, 200), self.reporter, self.talk.reporters("ask"))
            return
        yield from self._begin()
        yield from self._talk_about_it()
        if is_stuck:
            yield self._reply((60, 200), self.reporter, self.talk.reporters("ask"))
            yield self._reply((0.5, 20), self.worker, self.talk.line("news"))
            return
        yield self._end(WORK[self.priority], "solution")
        if is_reopened:
            yield self._reply((5, 100), self.reporter, self.talk.reporters("again"))
            yield self._step((0.1, 5), Act.START, self.worker, to=self.worker)
            yield self._end((3, 60), "once_more")
        elif self._is_said(THANKED):
            yield self._reply((0.2, 20), self.reporter, self.talk.reporters("thanks"))

    def _begin(self) -> Iterator[Step]:
        is_given, is_said = self._happens(GIVEN), self._is_said(TAKEN_ALOUD)
        hours = REACTION[self.priority]
        if is_given or is_said:
            by = people.MANAGER if is_given else self.worker
            yield self._step(hours, Act.ASSIGN, by, to=self.worker)
            hours = (0.02, 0.5)
        if is_said:
            yield self._reply(hours, self.worker, self.talk.line("take"), status="prog")
        else:
            # Who was not given it takes and starts it in one.
            yield self._step(hours, Act.START, self.worker, to=self.worker)

    def _talk_about_it(self) -> Iterator[Step]:
        if self._is_said(ASKED):
            question = self.talk.exchange("question")
            yield self._reply((0.1, 2), self.worker, question.ask)
            yield self._reply((0.1, 6), self.reporter, question.answer)
        if self._is_said(CONSULTED):
            question = self.talk.exchange("consultation")
            yield self._step((0.1, 2), Act.NOTE, self.worker, text=question.ask)
            yield self._step((0.1, 6), Act.NOTE, self.talk.consulted, text=question.answer)
        elif self._is_said(NOTED):
            yield self._step((0.1, 2), Act.NOTE, self.worker, text=self.talk.line("notes"))
        if self.report.addition and self._happens(ADDITION):
            yield self._reply((0.2, 5), self.worker, self.report.addition)

    def _end(self, hours: tuple[float, float], kind: str) -> Step:
        if self._happens(EXPLAINED):
            return self._reply(hours, self.worker, self.talk.line(kind), status="done")
        return self._step(hours, Act.CHANGE, self.worker, fields={"status": "done"})

    def _reply(self, hours: tuple[float, float], by: str, text: str, **fields: str) -> Step:
        return self._step(hours, Act.REPLY, by, text=text, fields=fields)

    def _step(self, hours: tuple[float, float], act: Act, by: str, **rest: Any) -> Step:
        self.moment = calendar.after(self.moment, self.rng.uniform(*hours))
        return Step(moment=self.moment, place=self.place, act=act, actor=by, **rest)

    def _is_said(self, chance: float) -> bool:
        is_late = self.place >= TICKETS * TALKATIVE_FROM
        return self._happens(chance) and is_late

    def _happens(self, chance: float) -> bool:
        return self.rng.random() < chance


def _filer(rng: Random, report: texts.Report, *, is_old: bool) -> str:
    candidates = [
        colleague.username
        for colleague in people.COLLEAGUES
        if colleague.department in report.departments and (colleague.is_active or is_old)
    ]
    # So that there is something to see for who signs in as the reporter.
    return (
        people.REPORTER if people.REPORTER in candidates and not is_old else rng.choice(candidates)
    )
