"""A few hundred faults and a few seconds of load; `python -m tests.faults` causes any number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = os.environ.get("HELP_DESK_TEST_FAULTS", "200")
SEED = os.environ.get("HELP_DESK_TEST_FAULTS_SEED", "2026")

pytestmark = [pytest.mark.faults, pytest.mark.hosts("default")]


def run(module: str, *arguments: str) -> str:
    # The checkout comes last on the path, so that an installed package is tested if there is one.
    path = os.pathsep.join([*filter(None, sys.path), str(ROOT)])
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-P", "-m", module, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output = process.communicate(timeout=1500)[0]
    finally:
        process.terminate()  # ends its children; nothing happens if it has ended
        process.wait(60)
    assert process.returncode == 0, output
    return output


def test_nothing_is_lost_repeated_stuck_or_written_partially() -> None:
    assert "\nPASSED" in run("tests.faults", "--faults", FAULTS, "--seed", SEED)


def test_every_user_is_answered_and_notified_under_load() -> None:
    assert "\nPASSED" in run("tests.load", "--seconds", "10", "--seed", SEED)
