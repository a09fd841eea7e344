"""Replies and notes on tickets, from replies.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo import people

if TYPE_CHECKING:
    from random import Random

TEXTS = tomllib.loads((Path(__file__).parent / "replies.toml").read_text("utf-8"))
CONSULTED = {
    people.DEVELOPER: people.AGENT,
    people.AGENT: people.DEVELOPER,
    people.MANAGER: people.AGENT,
}
"""Assignee to the colleague whom they consult."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    question: str
    answer: str


class Replies:
    """Chooses the replies and notes of one ticket."""

    def __init__(self, rng: Random, purpose: str, *, creator: str, assignee: str) -> None:
        self._rng = rng
        self._texts = TEXTS[purpose]
        colleague = people.BY_NAME[creator]
        self.consulted = CONSULTED[assignee]
        self._values = {
            "name": colleague.name.split()[0],
            "extension": colleague.extension,
            "other": self.consulted,
        }

    def from_assignee(self, kind: str) -> str:
        return self._rng.choice(self._texts[kind]).format(**self._values)

    def from_creator(self, kind: str) -> str:
        return self._rng.choice(TEXTS["creator"][kind])

    def exchange(self, kind: str) -> Exchange:
        """Choose a `question` to the creator, or a `consultation` between colleagues."""
        exchange = self._rng.choice(self._texts[kind])
        return Exchange(
            question=exchange["question"].format(**self._values),
            answer=exchange["answer"].format(**self._values),
        )
