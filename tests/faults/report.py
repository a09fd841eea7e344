"""The table that a run prints."""

from __future__ import annotations

import platform
from pathlib import Path

import django

import help_desk
from tests.faults.harness import Result
from tests.faults.site import Site
from tests.support import databases

MAX_PROBLEMS = 8
"""Problems of each check that are printed."""


def print_result(result: Result, seed: int, site: Site) -> None:
    """Print what was caused, what happened, and what the checks found."""
    versions = f"Python {platform.python_version()}, Django {django.__version__}"
    print(f"{databases.chosen()}, seed {seed}, {result.seconds:.0f} s, {versions}")
    print(f"help_desk from {Path(help_desk.__file__).parent}")
    for kind, count in sorted(result.faults.items()):
        _print_row(kind, count)
    _print_row("total faults", result.total)
    for label, number in result.counts.items():
        _print_row(label, number)
    print("problems found by the checks:")
    for name, problems in result.problems.items():
        _print_row(name, len(problems))
        for line in problems[:MAX_PROBLEMS]:
            print(f"    {line[:400]}")
    if result.failed_checks:
        print(site.logs())
    failed = ", ".join(result.failed_checks)
    print(f"FAILED: {failed}" if failed else "PASSED", f"after {result.total} faults")


def _print_row(label: str, number: int) -> None:
    print(f"  {label:<38}{number:>8,}")
