"""`python -m tests.faults`: cause faults, print the results, and fail if a check fails."""

from __future__ import annotations

import argparse
import random
import sys

from tests.faults.site import end_children_on_sigterm, site


def main() -> int:
    """Run the harness with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=300, help="the minimum number of faults")
    parser.add_argument(
        "--seed", type=int, default=None, help="repeats the choices of an earlier run"
    )
    parser.add_argument(
        "--no-sweep", action="store_true", help="do not fail each statement once, only at random"
    )
    parser.add_argument(
        "--mutants",
        nargs="*",
        metavar="NAME",
        help="run on copies of the package with known errors; on all, or on those named",
    )
    arguments = parser.parse_args()
    end_children_on_sigterm()
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    if arguments.mutants is not None:
        from tests.faults.mutations import kill_mutants  # noqa: PLC0415

        return kill_mutants(seed, arguments.mutants)
    with site(seed) as found:
        from tests.faults.harness import cause_faults  # noqa: PLC0415 -- needs the settings
        from tests.faults.report import print_result  # noqa: PLC0415

        result = cause_faults(found, seed, arguments.faults, has_sweep=not arguments.no_sweep)
        print_result(result, seed, found)
    return 1 if result.failed_checks else 0


if __name__ == "__main__":
    sys.exit(main())
