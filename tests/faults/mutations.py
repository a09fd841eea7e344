"""Serious errors in the package, each of which the checks must notice.

`python -m tests.faults --mutants` applies each mutation to a copy of the package and runs the
harness on it. A mutation replaces exact text, which must occur exactly once: if the code changed,
`tests/faults/test_mutations.py` fails, and the mutation must be written anew for the new code, so
that the sentence in `error` is true again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import help_desk
from tests.faults.site import ROOT
from tests.support import databases

ROUNDS = (150, 300, 600, 1200)
"""Numbers of faults; a mutant that survives a round gets a longer one with another seed."""
MAX_SECONDS = 900
"""Until a round is ended."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One error.

    Attributes:
        name: The mutation's name.
        error: What the package does wrong with it.
        edits: Path in the package, original text and replacement.
    """

    name: str
    error: str
    edits: tuple[tuple[str, str, str], ...]

    def apply(self, package: Path) -> None:
        """Edit a copy of the package; raise LookupError if it does not contain the text."""
        for path, old, new in self.edits:
            file = package / path
            source = file.read_text()
            if source.count(old) != 1:
                message = f"{self.name}: {path} contains {source.count(old)} times: {old}"
                raise LookupError(message)
            file.write_text(source.replace(old, new))


MUTATIONS = (
    Mutation(
        name="M1",
        error="results of a delivery are written without checking the lease",
        edits=(("querysets/notification.py", ') AND lease = %s"', ') AND (lease = %s OR 1 = 1)"'),),
    ),
    Mutation(
        name="M2",
        error="a claim takes rows that another run has claimed meanwhile",
        edits=(
            (
                "querysets/notification.py",
                "free = self.select_for_update(skip_locked=True)",
                "free = self",
            ),
            (
                "querysets/notification.py",
                "self.order_by().filter(pk__in=ids).write(",
                "rows.filter(pk__in=ids).write(",
            ),
        ),
    ),
    Mutation(
        name="M3",
        error="rows are read, and sent, whichever run has the lease",
        edits=(
            (
                "delivery/batch.py",
                "filter(due_datetime=self.lease_end, lease=self.lease)",
                "filter(lease__isnull=False)",
            ),
        ),
    ),
    Mutation(
        name="M4",
        error="tickets are not locked while they are changed",
        edits=(
            (
                "querysets/ticket.py",
                "self.select_for_update().get(pk=ticket_id)",
                "self.get(pk=ticket_id)",
            ),
            (
                "querysets/ticket.py",
                'self.filter(pk=ticket_id).update(is_active=models.F("is_active"))',
                "pass",
            ),
        ),
    ),
    Mutation(
        name="M5",
        error="events forget the old values",
        edits=(("models/ticket.py", "[_plain(changed[name]), ", "[None, "),),
    ),
)


def copy_package(folder: Path) -> Path:
    """Copy the package into a folder, and return the path of the copy."""
    original = Path(help_desk.__file__).parent
    return Path(shutil.copytree(original, folder / original.name))


def kill_mutants(seed: int, names: Collection[str]) -> int:
    """Run the harness on mutants (all, or some) and print a table; return 1 if one survives."""
    print(f"{databases.chosen()}, first seed {seed}")
    survivors = 0
    for mutation in [found for found in MUTATIONS if not names or found.name in names]:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="help-desk-mutant-") as name:
            package = copy_package(Path(name))
            mutation.apply(package)
            failed, faults, example = _run_until_red(package, seed)
        survivors += not failed
        seconds = time.monotonic() - start
        caught = f"caught by {failed} after {faults} faults" if failed else "SURVIVED"
        print(
            f"  {mutation.name} {mutation.error}: {caught} ({seconds:.0f} s)\n{example}", flush=True
        )
    print(f"FAILED: {survivors} survived" if survivors else "PASSED: all were caught")
    return 1 if survivors else 0


def _run_until_red(package: Path, seed: int) -> tuple[str, int, str]:
    """Return the checks that failed, the number of faults until then, and what they found."""
    total = 0
    for output in _rounds(package, seed):
        found = re.search(r"^(?:FAILED: (.+)|PASSED) after (\d+) faults$", output, re.MULTILINE)
        if found is None:
            message = f"The harness did not finish on a mutant:\n{output}"
            raise RuntimeError(message)
        total += int(found[2])
        if found[1]:
            problems = output.partition("problems found by the checks:")[2]
            examples = re.findall(r"^    .+", problems, re.MULTILINE)
            return found[1], total, "\n".join(line[:160] for line in examples[:3])
    return "", total, ""


def _rounds(package: Path, seed: int) -> Iterator[str]:
    path = [str(package.parent), *filter(None, sys.path)]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([*path, str(ROOT)]),
        "HELP_DESK_FAULTS_PACKAGE": str(package),
    }
    for number, faults in enumerate(ROUNDS):
        command = [sys.executable, "-P", "-m", "tests.faults"]
        options = ["--faults", str(faults), "--seed", str(seed + number), "--no-sweep"]
        yield _output([*command, *options], environment)


def _output(command: list[str], environment: dict[str, str]) -> str:
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        return process.communicate(timeout=MAX_SECONDS)[0]
    finally:
        # On SIGTERM, it ends its own children.
        if process.poll() is None:
            process.terminate()
            process.wait(60)
