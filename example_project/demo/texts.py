"""What the tickets say: the problems of problems.toml, each time in other words."""

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
NEIGHBOURS = {"low": ("med",), "med": ("low", "high"), "high": ("med",), "urge": ("high",)}


@dataclass(frozen=True, kw_only=True)
class Report:
    """One problem, as one person puts it.

    Attributes:
        purpose: As tickets have it.
        priority: The same.
        departments: Where it may have happened.
        text: What the person writes.
        addition: What becomes known later; may be empty.
    """

    purpose: str
    priority: str
    departments: tuple[str, ...]
    text: str
    addition: str


def reports(rng: Random) -> Iterator[Report]:
    """Draw reports without end; none comes again before all others have.

    Args:
        rng: Decides.

    Yields:
        Reports; no two with the same text.
    """
    source = tomllib.loads((Path(__file__).parent / "problems.toml").read_text("utf-8"))
    seen: set[str] = set()
    while True:
        problems = list(source["problem"])
        rng.shuffle(problems)
        for problem in problems:
            report = _put_into_words(problem, source, rng)
            if report.text not in seen:
                seen.add(report.text)
                yield report


def neighbour(rng: Random, priority: str) -> str:
    """Choose the priority that somebody else would have given; never a higher one than high.

    Args:
        rng: Decides.
        priority: What somebody gave.

    Returns:
        Another one, a step away.
    """
    return rng.choice(NEIGHBOURS[priority])


def _put_into_words(problem: dict, source: dict, rng: Random) -> Report:
    priority = problem["priority"]
    if rng.random() < OTHER_PRIORITY_CHANCE:
        priority = neighbour(rng, priority)
    words = {
        name: rng.choice(source["words"][name])
        for _text, name, _format, _conversion in string.Formatter().parse(problem["text"])
        if name
    }
    text = problem["text"].format(**words)
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
