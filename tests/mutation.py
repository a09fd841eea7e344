"""Print the score of each package and the surviving mutants of `mutmut run`.

Run `python -m tests.mutation`; see docs/contributing/testing.md.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

RESULTS = Path("mutants/help_desk")
KILLED = ("killed", "timeout")
SURVIVED = ("survived", "no tests")


def main() -> None:
    """Print a table with a row per package, then what each survivor changes."""
    scores: dict[str, Counter[str]] = defaultdict(Counter)
    survivors = []
    for path in sorted(RESULTS.rglob("*.meta")):
        package = path.relative_to(RESULTS).parts[0]
        results = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        for mutant, exit_code in results.items():
            status = status_by_exit_code[exit_code]
            scores[package][status] += 1
            if status in SURVIVED:
                survivors.append((status, mutant))
    for package, counts in sorted(scores.items()):
        killed = sum(counts[status] for status in KILLED)
        checked = killed + sum(counts[status] for status in SURVIVED)
        score = f"{killed / checked:.1%}" if checked else "-"
        print(f"{package:<15} {killed:>5} of {checked:>5} killed  {score:>6}  {dict(counts)}")
    for status, mutant in survivors:
        print(f"\n{mutant}: {status}")
        for line in get_diff_for_mutant(mutant).splitlines():
            if line.startswith(("+", "-")) and not line.startswith(("+++", "---")):
                print(line)


if __name__ == "__main__":
    main()
