"""Descriptions of tickets: the problems of problems.toml, with varying details."""

from __future__ import annotations

import string
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

CLOSING_CHANCE = 0.4
OTHER_PRIORITY_CHANCE = 0.15
NEXT_PRIORITIES = {"low": ("med",), "med": ("low", "high"), "high": ("med",), "urge": ("high",)}


@dataclass(frozen=True, kw_only=True)
class Report:
    """The content of a ticket.

    Attributes:
        purpose: A value of the ticket's field.
        priority: A value of the ticket's field.
        departments: Departments whose members could report this.
        text: The description.
        addition: What the assignee finds out later; may be empty.
    """

    purpose: str
    priority: str
    departments: tuple[str, ...]
    text: str
    addition: str


def reports(rng: Random) -> Iterator[Report]:
    """Yield reports with different texts; a problem repeats only after all others were used."""
    source = tomllib.loads((Path(__file__).parent / "problems.toml").read_text("utf-8"))
    seen: set[str] = set()
    while True:
        problems = list(source["problem"])
        rng.shuffle(problems)
        for problem in problems:
            report = _report(problem, source, rng)
            if report.text not in seen:
                seen.add(report.text)
                yield report


def adjacent_priority(rng: Random, priority: str) -> str:
    """Return the next lower or higher priority, but never urgent."""
    return rng.choice(NEXT_PRIORITIES[priority])


def _report(problem: dict, source: dict, rng: Random) -> Report:
    priority = problem["priority"]
    if rng.random() < OTHER_PRIORITY_CHANCE:
        priority = adjacent_priority(rng, priority)
    details = {
        name: rng.choice(source["details"][name])
        for _text, name, _format, _conversion in string.Formatter().parse(problem["text"])
        if name
    }
    text = problem["text"].format(**details)
    if rng.random() < CLOSING_CHANCE:
        separator = "\n\n" if "\n" in text else " "
        text += separator + rng.choice(source["closing"][priority])
    return Report(
        purpose=problem["purpose"],
        priority=priority,
        departments=tuple(problem["from"]),
        text=text,
        addition=problem.get("later", ""),
    )
