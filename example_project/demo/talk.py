"""What people say on tickets: the lines of talk.toml."""

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
"""Whom somebody asks who works on a ticket."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A question and its answer."""

    ask: str
    answer: str


class Talk:
    """What the people of one ticket say."""

    def __init__(self, rng: Random, purpose: str, *, reporter: str, worker: str) -> None:
        """Know who talks.

        Args:
            rng: Decides.
            purpose: The ticket's.
            reporter: User name of who filed it.
            worker: User name of who works on it.
        """
        self._rng = rng
        self._lines = LINES[purpose]
        colleague = people.BY_NAME[reporter]
        self.consulted = CONSULTED[worker]
        self._words = {
            "name": colleague.name.split()[0],
            "extension": colleague.extension,
            "other": self.consulted,
        }

    def line(self, kind: str) -> str:
        """Draw what somebody who works on the ticket says.

        Args:
            kind: A key of talk.toml.
        """
        return self._rng.choice(self._lines[kind]).format(**self._words)

    def reporters(self, kind: str) -> str:
        """Draw what the reporter says.

        Args:
            kind: A key of talk.toml.
        """
        return self._rng.choice(LINES["reporter"][kind])

    def exchange(self, kind: str) -> Exchange:
        """Draw a question and its answer.

        Args:
            kind: `question`, to the reporter, or `consultation`, among those who work.
        """
        drawn = self._rng.choice(self._lines[kind])
        return Exchange(
            ask=drawn["ask"].format(**self._words), answer=drawn["answer"].format(**self._words)
        )
