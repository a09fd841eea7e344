"""The stylesheet: its scope, and the contrast of its colors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import help_desk

SHEET = Path(help_desk.__file__).parent / "static" / "help_desk" / "help_desk.css"
CSS = re.sub(r"/\*.*?\*/", "", SHEET.read_text(encoding="utf-8"), flags=re.DOTALL)
COLORS = {
    name: pair
    for name, *pair in re.findall(r"--hd-([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
}
READABLE = [
    ("text", "canvas"),
    ("text", "surface"),
    ("text", "surface-raised"),
    ("text", "plain-surface"),
    ("text", "info-surface"),
    ("text", "good-surface"),
    ("text", "warn-surface"),
    ("text", "danger-surface"),
    ("muted", "canvas"),
    ("muted", "surface"),
    ("muted", "surface-raised"),
    ("accent", "canvas"),
    ("accent", "surface"),
    ("accent-strong", "surface"),
    ("accent", "good-surface"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-accent", "danger"),
    ("danger", "surface"),
    ("danger", "danger-surface"),
    ("danger", "surface-raised"),
    ("info", "info-surface"),
    ("warn", "warn-surface"),
    ("good", "good-surface"),
]
CONTROLS = [("line-strong", "surface"), ("line-strong", "canvas"), ("accent", "canvas")]


def luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def selectors() -> list[str]:
    heads = re.findall(r"([^{};]+)\{", CSS)
    lists = [head.strip() for head in heads if not head.strip().startswith("@")]
    # A comma within :not() does not separate selectors.
    return [one.strip() for head in lists for one in re.split(r",(?![^(]*\))", head)]


def test_every_selector_begins_with_help_desk() -> None:
    assert selectors()
    assert [one for one in selectors() if not one.startswith(".help-desk")] == []


def test_only_rules_against_those_of_hosts_for_elements_are_in_no_layer() -> None:
    layered, outside = CSS.strip().split("\n}\n", 1)
    assert layered.startswith("@layer help-desk {")
    assert CSS.count("@layer") == 1
    assert CSS.count("{") == CSS.count("}")
    # Hosts and frameworks have rules for links, lists, labels and table cells, which override a
    # layer. Colors of the rest are the host's to change.
    colored = re.findall(r"([^{}]+)\{[^{}]*\b(?:color|background):", outside)
    assert [head.strip() for head in colored] == [".help-desk .hd-button"]


def test_no_ids_and_no_important_rules() -> None:
    assert [one for one in selectors() if "#" in one] == []
    assert "!important" not in CSS


def test_no_external_resources() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_properties_are_logical() -> None:
    assert re.findall(r"(?:margin|padding|border|inset)-(?:left|right|top|bottom)", CSS) == []
    assert re.findall(r"[\s;{](?:left|right|top|bottom|width|height):", CSS) == []


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), READABLE, ids=lambda name: name)
def test_text_contrast_is_sufficient(front: str, back: str, scheme: int) -> None:
    assert contrast(COLORS[front][scheme], COLORS[back][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), CONTROLS, ids=lambda name: name)
def test_control_borders_have_sufficient_contrast(front: str, back: str, scheme: int) -> None:
    assert contrast(COLORS[front][scheme], COLORS[back][scheme]) >= 3
