"""`python -m tests.faults`: cause faults, print the results, and fail if a check fails."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Run the harness with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=300, help="the minimum number of faults")
    parser.add_argument(
        "--seed", type=int, default=None, help="repeats the choices of an earlier run"
    )
    arguments = parser.parse_args()
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    with tempfile.TemporaryDirectory(prefix="help-desk-faults-") as name:
        directory = Path(name)
        command = [sys.executable, "-m", "tests.faults.smtp_server", name, str(seed)]
        server = subprocess.Popen(command)
        try:
            os.environ["HELP_DESK_FAULTS_DIRECTORY"] = name
            os.environ["HELP_DESK_FAULTS_PORT"] = _port(directory)
            os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"
            return _run(directory, seed, arguments.faults)
        finally:
            server.terminate()
            server.wait()


def _port(directory: Path) -> str:
    end = time.monotonic() + 30
    while not (directory / "port").exists():
        if time.monotonic() > end:
            sys.exit("The SMTP server did not start.")
        time.sleep(0.05)
    return (directory / "port").read_text()


def _run(directory: Path, seed: int, faults: int) -> int:
    import django  # noqa: PLC0415 -- needs the settings

    django.setup()
    from django.db import connection, connections  # noqa: PLC0415

    from tests.faults.harness import Harness  # noqa: PLC0415
    from tests.support import databases  # noqa: PLC0415

    if reason := databases.unreachable_reason():
        sys.exit(reason)
    original = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        result = Harness(directory, seed).run(faults)
    finally:
        connections.close_all()
        connection.creation.destroy_test_db(original, verbosity=0)
    print(f"{databases.chosen()}, seed {seed}, {result.seconds:.0f} s")
    for kind, count in sorted(result.faults.items()):
        print(f"  {kind:<28}{count:>8,}")
    print(f"  {'total faults':<28}{sum(result.faults.values()):>8,}")
    for label, number in (
        ("tickets", result.tickets),
        ("comments", result.comments),
        ("emails expected", result.expected),
        ("failed permanently", result.failed),
        ("lost", result.lost),
        ("stuck", result.stuck),
        ("duplicates", result.duplicates),
        ("  unconfirmed by the server", result.unconfirmed),
        ("  other (at most the kills)", result.other_duplicates),
        ("partial writes", len(result.partial_writes)),
    ):
        print(f"  {label:<28}{number:>8,}")
    for line in result.partial_writes[:10]:
        print(f"    {line}")
    print("PASSED" if result.has_passed else "FAILED")
    return 0 if result.has_passed else 1


if __name__ == "__main__":
    sys.exit(main())
