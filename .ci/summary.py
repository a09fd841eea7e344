"""Counts what passed and failed, from what pytest and tox wrote, and says whether it is enough.

A test counts once for each environment that it ran in; an environment that runs no tests, such
as the linters, counts as one.
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

OUTCOMES = ("passed", "failed", "skipped")


def main() -> int:
    """Print a line per environment and one for all.

    Returns:
        0 if nothing failed and all that was expected ran.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", type=Path, required=True, help="junit file of that command")
    parser.add_argument("--junit", type=Path, required=True, help="folder of tox' junit files")
    parser.add_argument("--expected", required=True, help="environments, with commas between")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("results", type=Path, nargs="+", help="what tox --result-json wrote")
    arguments = parser.parse_args()

    environments: dict[str, dict] = {}
    for path in arguments.results:
        if path.exists():
            environments |= {
                name: said
                for name, said in json.loads(path.read_text("utf-8"))["testenvs"].items()
                if "result" in said
            }
    counts = {"README": outcome_of_readme(arguments.readme)}
    for name in arguments.expected.split(","):
        counts[name] = outcome(name, environments.get(name), arguments.junit / f"{name}.xml")
    total: Counter[str] = Counter()
    for name, (counted, remark) in counts.items():
        total += counted
        print(f"{name:32} {sentence(counted):40} {remark}".rstrip())
    print(f"\n{sentence(total)} in {arguments.seconds}s")
    return 1 if total["failed"] else 0


def outcome_of_readme(junit: Path) -> tuple[Counter[str], str]:
    """What came of the README's test command.

    Args:
        junit: Its junit file.
    """
    counted = tests_in(junit)
    if not counted["passed"] + counted["failed"]:
        return Counter(failed=1), "ran no test"
    return counted, ""


def outcome(name: str, said: dict | None, junit: Path) -> tuple[Counter[str], str]:
    """What came of one tox environment.

    Args:
        name: The environment.
        said: What tox wrote of it, if anything.
        junit: Its junit file, if it runs tests.

    Returns:
        How many passed and failed, and a remark.
    """
    django = re.search(r"django(\d)(\d)", name)
    runs_tests = django is not None or junit.exists()
    installed = version_of_django(said or {})
    counted = tests_in(junit)
    ran = counted["passed"] + counted["failed"]
    complaint = ""
    if said is None:
        complaint = "did not run"
    elif said["result"].get("skipped"):
        complaint = "was skipped; its Python must be here"
    elif django and not installed.startswith(f"{django[1]}.{django[2]}."):
        complaint = f"ran on Django {installed or 'unknown'}"
    elif runs_tests and not ran:
        complaint = "ran no test"
    elif not said["result"]["success"] and not counted["failed"]:
        complaint = "failed"
    if complaint:
        return counted + Counter(failed=1), complaint
    return (counted, f"Django {installed}") if runs_tests else (Counter(passed=1), "")


def version_of_django(said: dict) -> str:
    """The version that tox saw installed, or an empty text."""
    for package in said.get("installed_packages", ()):
        name, _, version = package.partition("==")
        if name.lower() == "django":
            return version
    return ""


def tests_in(junit: Path) -> Counter[str]:
    """How many tests of a junit file passed, failed and were skipped; none without a file."""
    counted: Counter[str] = Counter()
    if junit.exists():
        for case in ET.parse(junit).iter("testcase"):
            kinds = {child.tag for child in case}
            if kinds & {"failure", "error"}:
                counted["failed"] += 1
            else:
                counted["skipped" if "skipped" in kinds else "passed"] += 1
    return counted


def sentence(counted: Counter[str]) -> str:
    """Counts as pytest says them; skipped ones only where there are any."""
    kinds = [kind for kind in OUTCOMES if kind != "skipped" or counted[kind]]
    return ", ".join(f"{counted[kind]} {kind}" for kind in kinds)


if __name__ == "__main__":
    sys.exit(main())
