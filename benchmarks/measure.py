"""What the benchmarks share: a database of their own, timing and tables.

Two implementations alternate in one process, many times, and their medians are compared: other
load on the machine then affects both. CPU time leaves out what the process waits for.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Measure the checkout that this file is in, whatever is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402 -- after setup
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

WARM_UP = 5


@dataclass(frozen=True)
class Times:
    """Seconds per round, by one clock."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def fastest(self) -> float:
        return min(self.seconds)

    def __str__(self) -> str:
        return f"{self.median * 1000:.2f} ({self.fastest * 1000:.2f})"


@dataclass(frozen=True)
class Timing:
    """How long something took, as wall time and as CPU time of this process."""

    wall: Times = field(default_factory=Times)
    cpu: Times = field(default_factory=Times)

    def add(self, run: Callable[[], object]) -> None:
        """Run once and add its times."""
        wall, cpu = perf_counter(), process_time()
        run()
        cpu, wall = process_time() - cpu, perf_counter() - wall
        self.wall.seconds.append(wall)
        self.cpu.seconds.append(cpu)


@contextmanager
def database() -> Iterator[None]:
    """Create the database, migrate it, and remove it afterwards."""
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
    reset: Callable[[], object] = lambda: None,
) -> tuple[Timing, Timing]:
    """Time two functions in alternating order; `reset` runs after each round, untimed."""
    timings = Timing(), Timing()
    for turn in range(WARM_UP + rounds):
        pairs = list(zip((subject, floor), timings, strict=True))
        for run, timing in pairs if turn % 2 else pairs[::-1]:
            gc.collect()
            (timing if turn >= WARM_UP else Timing()).add(run)
        reset()
    return timings


def queries(run: Callable[[], object]) -> list[str]:
    """Return the statements that are sent, as Django's `assertNumQueries` counts them."""
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
        result = "met" if self.is_met else "MISSED"
        number = f"{self.number}" if isinstance(self.number, int) else f"{self.number:.2f}"
        return f"{number} (goal: at most {self.limit:g}, {result})"

    def __str__(self) -> str:
        return f"{self.name}: {self.cell()}"


def analyze() -> None:
    """Update the planner's statistics, as autovacuum does within a minute of many writes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def print_environment() -> None:
    """Print the versions, the database and the machine."""
    version = ".".join(map(str, connection.get_database_version()))
    place = " (a temporary file)" if connection.vendor == "sqlite" else ""
    print(
        f"Python {platform.python_version()}, Django {django.get_version()}, "
        f"{connection.display_name} {version}{place}, {os.cpu_count()} processors, "
        f"DEBUG {'on' if settings.DEBUG else 'off'}."
    )


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        print("|", " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)), "|")


def finish(goals: Sequence[Goal]) -> None:
    """Print each goal; exit with status 1 if one is missed."""
    for goal in goals:
        print(goal)
    sys.exit(0 if all(goal.is_met for goal in goals) else 1)
