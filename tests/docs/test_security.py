"""The claims of the page on security name tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs" / "topics" / "security.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
STATUSES = {"met", "partly", "the host's", "not met"}
CHAPTERS = range(1, 18)


def rows(first_heading: str) -> list[list[str]]:
    """Return the cells of the table whose header begins with a text."""
    lines = PAGE[PAGE.index(f"| {first_heading} |") :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


REQUIREMENTS = rows("requirement")


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(PAGE))))
def test_every_named_test_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^\s*def {name}\(", source, re.MULTILINE)


def test_every_path_is_that_of_a_file() -> None:
    paths = re.findall(r"`(tests/[^`:]*)", PAGE)
    assert paths
    assert all((ROOT / path).exists() for path in paths)


def test_every_threat_has_a_defense_and_a_test() -> None:
    for asset, actor, path, defense, tests in rows("asset"):
        assert all((asset, actor, path, defense)), asset
        assert TEST.findall(tests), (asset, path)


def test_requirements_are_well_formed_and_sorted() -> None:
    numbers = []
    for number, level, asks_for, status, how, tests in REQUIREMENTS:
        assert re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{1,2}", number), number
        assert level in {"1", "2"}
        assert asks_for
        assert status in STATUSES, number
        assert how, number
        assert TEST.findall(tests) or status == "the host's", number
        numbers.append([int(part) for part in number.split(".")])
    assert numbers == sorted(numbers)
    assert len({tuple(number) for number in numbers}) == len(numbers)
    assert {number[0] for number in numbers} <= set(CHAPTERS)
