"""Helpers for the benchmarks: a temporary database, timing, and tables of results.

Two functions are timed alternately in one process, many times: other load on the machine then
affects both, and the median reduces its influence.
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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from django.db.models import QuerySet

# Measure the checkout that contains this file, even if the package is installed.
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
    """The duration of each round, in seconds."""

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
    """Create and migrate the database, and drop it afterwards."""
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


def compare(
    subject: Callable[[], object],
    baseline: Callable[[], object],
    *,
    rounds: int,
    clean_up: Callable[[], object] = lambda: None,
) -> tuple[Timing, Timing]:
    """Time two functions alternately.

    Args:
        subject: The function to measure.
        baseline: The function to compare it with.
        rounds: How often each is timed.
        clean_up: Called after each round; not timed.

    Returns:
        The timings of both.
    """
    durations: dict[Callable[[], object], list[float]] = {subject: [], baseline: []}
    for number in range(WARM_UP + rounds):
        for run in (subject, baseline) if number % 2 else (baseline, subject):
            gc.collect()
            start = perf_counter()
            run()
            seconds = perf_counter() - start
            if number >= WARM_UP:
                durations[run].append(seconds)
        clean_up()
    return Timing(tuple(durations[subject])), Timing(tuple(durations[baseline]))


def queries(run: Callable[[], object]) -> list[str]:
    """Return the executed statements, as Django's `assertNumQueries` counts them."""
    with CaptureQueriesContext(connection) as captured:
        run()
    return [query["sql"] for query in captured.captured_queries]


@dataclass(frozen=True)
class Goal:
    """A measured number and its limit."""

    name: str
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
        return f"{self.name}: {self.cell()}"


def delete_rows(rows: QuerySet[Any]) -> None:
    """Delete rows, including those of append-only models, whose delete() raises an error."""
    rows._raw_delete(rows.db)  # noqa: SLF001


def print_environment() -> None:
    """Print the versions and the machine."""
    version = ".".join(map(str, connection.get_database_version()))
    location = " (a temporary file)" if connection.vendor == "sqlite" else ""
    print(
        f"Python {platform.python_version()}, Django {django.get_version()}, "
        f"{connection.display_name} {version}{location}, {os.cpu_count()} processors, "
        f"DEBUG {'on' if settings.DEBUG else 'off'}."
    )


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        print("|", " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)), "|")


def report_goals(goals: Sequence[Goal]) -> None:
    """Print each number with its goal, and exit with status 1 if one is missed."""
    for goal in goals:
        print(goal)
    sys.exit(0 if all(goal.is_met for goal in goals) else 1)
