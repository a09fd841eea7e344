"""Count passed and failed tests in the files that pytest and tox wrote.

A test counts once per environment. An environment without tests, such as `lint`, counts as one.
Fails if anything failed, or if an expected environment is missing, was skipped, ran no test or
ran on a different Django version than its name.
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", type=Path, required=True, help="JUnit file of that command")
    parser.add_argument("--junit", type=Path, required=True, help="folder of tox's JUnit files")
    parser.add_argument("--expected", required=True, help="environments, separated by commas")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("results", type=Path, nargs="+", help="files of tox --result-json")
    arguments = parser.parse_args()

    environments: dict[str, dict] = {}
    for path in arguments.results:
        if path.exists():
            found = json.loads(path.read_text("utf-8"))["testenvs"]
            environments |= {name: data for name, data in found.items() if "result" in data}
    results = {"README": readme_result(arguments.readme)}
    for name in arguments.expected.split(","):
        junit = arguments.junit / f"{name}.xml"
        results[name] = environment_result(name, environments.get(name), junit)
    total: Counter[str] = Counter()
    for name, (counts, note) in results.items():
        total += counts
        print(f"{name:32} {as_text(counts):40} {note}".rstrip())
    print(f"\n{as_text(total)} in {arguments.seconds}s")
    return 1 if total["failed"] else 0


def readme_result(junit: Path) -> tuple[Counter[str], str]:
    counts = count_tests(junit)
    if not counts["passed"] + counts["failed"]:
        return Counter(failed=1), "ran no test"
    return counts, ""


def environment_result(name: str, data: dict | None, junit: Path) -> tuple[Counter[str], str]:
    """Return the counts of an environment, and a note for the table."""
    expected_django = re.search(r"django(\d)(\d)", name)
    has_tests = expected_django is not None or junit.exists()
    counts = count_tests(junit)
    django = django_version(data or {})
    problem = ""
    if data is None:
        problem = "did not run"
    elif data["result"].get("skipped"):
        problem = "was skipped: its Python is not installed"
    elif expected_django and not django.startswith(".".join(expected_django.groups()) + "."):
        problem = f"ran on Django {django or 'unknown'}"
    elif has_tests and not counts["passed"] + counts["failed"]:
        problem = "ran no test"
    elif not data["result"]["success"] and not counts["failed"]:
        problem = "failed"
    if problem:
        return counts + Counter(failed=1), problem
    return (counts, f"Django {django}") if has_tests else (Counter(passed=1), "")


def django_version(data: dict) -> str:
    for package in data.get("installed_packages", ()):
        name, _, version = package.partition("==")
        if name.lower() == "django":
            return version
    return ""


def count_tests(junit: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    if junit.exists():
        for case in ET.parse(junit).iter("testcase"):  # noqa: S314 -- written by pytest
            tags = {child.tag for child in case}
            if tags & {"failure", "error"}:
                counts["failed"] += 1
            else:
                counts["skipped" if "skipped" in tags else "passed"] += 1
    return counts


def as_text(counts: Counter[str]) -> str:
    """Format counts like pytest, for instance "12 passed, 0 failed, 1 skipped"."""
    shown = ["passed", "failed", *(["skipped"] if counts["skipped"] else [])]
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in shown)


if __name__ == "__main__":
    sys.exit(main())
