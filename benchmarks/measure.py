"""What the benchmarks share: a database of their own, a stopwatch and a table.

Two things are compared by turns in one process, in alternating order, many times: what
else the machine does meanwhile then meets both alike, and the median passes it over.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# The checkout that this file is in is what is measured, whatever is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402 -- after setup
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

WARM_UP = 5


@dataclass(frozen=True)
class Timing:
    """How long something took, in seconds, round by round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def fastest(self) -> float:
        return min(self.seconds)

    def __str__(self) -> str:
        return f"{self.median * 1000:.2f} ({self.fastest * 1000:.2f})"


@contextmanager
def database() -> Iterator[None]:
    """Make the database, migrate it, and remove it afterwards."""
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


def interleave(
    subject: Callable[[], object],
    floor: Callable[[], object],
    *,
    rounds: int,
    tidy: Callable[[], object] = lambda: None,
) -> tuple[Timing, Timing]:
    """Time two things by turns.

    Args:
        subject: What is measured.
        floor: What it is compared with.
        rounds: How often each is timed.
        tidy: Called after each round, and not timed.

    Returns:
        The timing of each.
    """
    taken: dict[Callable[[], object], list[float]] = {subject: [], floor: []}
    for turn in range(WARM_UP + rounds):
        for run in (subject, floor) if turn % 2 else (floor, subject):
            gc.collect()
            start = perf_counter()
            run()
            seconds = perf_counter() - start
            if turn >= WARM_UP:
                taken[run].append(seconds)
        tidy()
    return Timing(tuple(taken[subject])), Timing(tuple(taken[floor]))


def queries(run: Callable[[], object]) -> list[str]:
    """Collect the statements that are sent, as Django's `assertNumQueries` counts them."""
    with CaptureQueriesContext(connection) as captured:
        run()
    return [query["sql"] for query in captured.captured_queries]


@dataclass(frozen=True)
class Verdict:
    """A number beside its goal."""

    subject: str
    number: float
    limit: float

    @property
    def is_met(self) -> bool:
        return self.number <= self.limit

    def cell(self) -> str:
        outcome = "met" if self.is_met else "MISSED"
        number = f"{self.number}" if isinstance(self.number, int) else f"{self.number:.2f}"
        return f"{number} (goal: at most {self.limit:g}, {outcome})"

    def __str__(self) -> str:
        return f"{self.subject}: {self.cell()}"


def print_environment() -> None:
    """Say what was measured on."""
    version = ".".join(map(str, connection.get_database_version()))
    place = " (a temporary file)" if connection.vendor == "sqlite" else ""
    print(
        f"Python {platform.python_version()}, Django {django.get_version()}, "
        f"{connection.display_name} {version}{place}, {os.cpu_count()} processors, "
        f"DEBUG {'on' if settings.DEBUG else 'off'}."
    )


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, as Markdown, so that it can be pasted."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        print("|", " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)), "|")


def finish(transitions: Sequence[Verdict]) -> None:
    """Print each number beside its goal; end with status 1 where one is missed."""
    for verdict in transitions:
        print(verdict)
    sys.exit(0 if all(verdict.is_met for verdict in transitions) else 1)
