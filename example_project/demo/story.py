"""What happens to the tickets in half a year, before any of it is written down."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from demo import calendar, people, texts

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
"""How often each happens."""


class Act(enum.Enum):
    FILE = enum.auto()
    CHANGE = enum.auto()
    DELETE = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that somebody does to one ticket.

    Attributes:
        moment: When.
        place: Which ticket: its place in the order of filing.
        act: What.
        by: User name of who does it.
        fields: The values that the ticket gets.
    """

    moment: datetime
    place: int
    act: Act
    by: str
    fields: dict[str, Any] = field(default_factory=dict)


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
    yield Step(
        moment=moment,
        place=place,
        act=Act.FILE,
        by=_filer(rng, report, is_old=place < TICKETS // 2),
        fields={
            "purpose": report.purpose,
            "priority": report.priority,
            "description": report.text,
        },
    )
    if rng.random() < DUPLICATE:
        gone = calendar.after(moment, rng.uniform(0.2, 20))
        yield Step(moment=gone, place=place, act=Act.DELETE, by=people.MANAGER)
        return
    priority = report.priority
    if rng.random() < TRIAGED:
        priority = texts.neighbour(rng, priority)
        moment = calendar.after(moment, rng.uniform(0.1, 3))
        fields = {"priority": priority}
        yield Step(moment=moment, place=place, act=Act.CHANGE, by=people.MANAGER, fields=fields)
    yield from _work(rng, place, moment, report, priority)


def _work(
    rng: Random, place: int, moment: datetime, report: texts.Report, priority: str
) -> Iterator[Step]:
    app_people = (people.DEVELOPER, people.DEVELOPER, people.AGENT)
    company_people = (people.AGENT, people.AGENT, people.MANAGER)
    worker = rng.choice(app_people if report.purpose == "app" else company_people)
    is_stuck, is_reopened = rng.random() < STUCK, rng.random() < REOPENED
    if is_stuck and rng.random() < 0.5:  # noqa: PLR2004 -- half of them are never begun
        return

    def change(hours: tuple[float, float], **fields: str) -> Step:
        nonlocal moment
        moment = calendar.after(moment, rng.uniform(*hours))
        return Step(moment=moment, place=place, act=Act.CHANGE, by=worker, fields=fields)

    yield change(REACTION[priority], status="prog")
    if report.addition and rng.random() < ADDITION:
        text = f"{report.text}\n\nAdded later: {report.addition}"
        yield change((0.2, 5), description=text)
    if is_stuck:
        return
    yield change(WORK[priority], status="done")
    if is_reopened:
        yield change((5, 100), status="prog")
        yield change((3, 60), status="done")


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
