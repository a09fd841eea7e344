"""A few hundred faults; `python -m tests.faults` causes any number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = int(os.environ.get("HELP_DESK_TEST_FAULTS", "300"))
SEED = os.environ.get("HELP_DESK_TEST_FAULTS_SEED", "2026")


@pytest.mark.faults
@pytest.mark.hosts("default")
def test_nothing_is_lost_stuck_or_written_partially() -> None:
    # The checkout comes last on the path, so that an installed package is tested if there is one.
    program = "import sys; sys.path.append(sys.path.pop(0)); from tests.faults.__main__ import main"
    command = [sys.executable, "-W", "error", "-c", f"{program}; sys.exit(main())"]
    run = subprocess.run(
        [*command, "--faults", str(FAULTS), "--seed", SEED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    print(run.stdout, run.stderr)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.rstrip().endswith("PASSED")
