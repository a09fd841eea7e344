"""Replies and notes on tickets, from talk.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo import people

if TYPE_CHECKING:
    from random import Random

LINES = tomllib.loads((Path(__file__).parent / "talk.toml").read_text("utf-8"))
CONSULTED = {
    people.DEVELOPER: people.AGENT,
    people.AGENT: people.DEVELOPER,
    people.MANAGER: people.AGENT,
}
"""The colleague whom the assignee of a ticket asks."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    ask: str
    answer: str


class Talk:
    """Picks the replies and notes of one ticket."""

    def __init__(self, rng: Random, purpose: str, *, creator: str, assignee: str) -> None:
        self._rng = rng
        self._lines = LINES[purpose]
        colleague = people.BY_NAME[creator]
        self.consulted = CONSULTED[assignee]
        self._values = {
            "name": colleague.name.split()[0],
            "extension": colleague.extension,
            "other": self.consulted,
        }

    def assignee_says(self, kind: str) -> str:
        return self._rng.choice(self._lines[kind]).format(**self._values)

    def creator_says(self, kind: str) -> str:
        return self._rng.choice(LINES["creator"][kind])

    def exchange(self, kind: str) -> Exchange:
        """Pick a `question` to the creator, or a `consultation` between colleagues."""
        exchange = self._rng.choice(self._lines[kind])
        return Exchange(
            ask=exchange["ask"].format(**self._values),
            answer=exchange["answer"].format(**self._values),
        )
