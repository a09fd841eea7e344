"""The lists in the documentation match the code."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
from django.core.management import load_command_class

from help_desk.enums import Role
from help_desk.notifications.rules import RULES
from help_desk.templatetags.help_desk import register
from tests.docs.blocks import ROOT
from tests.support.routes import routes

if TYPE_CHECKING:
    from pathlib import Path


DOCS = ROOT / "docs"
PACKAGE = ROOT / "help_desk"
TEMPLATES = PACKAGE / "templates"


def _read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_check_is_documented() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    raised = set(re.findall(r"[\"'](help_desk\.[EW]\d{3})[\"']", code))
    headings = re.findall(
        r"^### (help_desk\.[EW]\d{3})$", _read("reference/checks.md"), re.MULTILINE
    )
    assert headings == sorted(headings)
    assert set(headings) == raised


def test_every_check_named_in_the_docs_exists() -> None:
    known = set(re.findall(r"help_desk\.[EW]\d{3}", _read("reference/checks.md")))
    for page in DOCS.rglob("*.md"):
        named = set(re.findall(r"help_desk\.[EW]\d{3}", page.read_text(encoding="utf-8")))
        assert named <= known, page


def test_generated_parts_are_current() -> None:
    command = [sys.executable, DOCS / "generate_reference.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_is_in_the_navigation() -> None:
    index = _read("index.md")
    listed = set(re.findall(r"^([a-z]+/[\w-]+)$", index, re.MULTILINE))
    linked = set(re.findall(r"\]\(([a-z]+/[\w-]+)\.md\)", index))
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.glob("*/*.md")}
    assert listed == pages
    assert linked == pages


@pytest.mark.parametrize(
    "template",
    sorted(TEMPLATES.rglob("*.*")),
    ids=lambda path: path.relative_to(TEMPLATES).as_posix(),
)
def test_every_template_documents_its_context(template: Path) -> None:
    """The reference is generated from the comments at the tops of the templates."""
    source = template.read_text(encoding="utf-8")
    comment = re.search(
        r"\{#(?P<line>.*?)#\}|\{% comment %\}(?P<lines>.*?)\{% endcomment %\}", source, re.DOTALL
    )
    assert comment
    assert re.search(r"Context:|Blocks:", comment["line"] or comment["lines"])


def test_every_tag_and_filter_is_documented() -> None:
    page = _read("reference/templates.md")
    documented = set(re.findall(r"^`\{[%{] (?:[\w.]+\|)?(help_desk_\w+)", page, re.MULTILINE))
    assert documented == {*register.tags, *register.filters}


def test_documented_urls_match_the_url_configuration() -> None:
    row = re.compile(r"^\|[^|]*\| `(help_desk/[^`]*)` \| `([a-z_:]+)` \|", re.MULTILINE)
    rows = row.findall(_read("reference/urls.md"))
    converters = {"<pk>": "<int:pk>", "<token>": "<str:token>"}
    documented = {
        (name, re.sub(r"<\w+>", lambda part: converters[part[0]], path)) for path, name in rows
    }
    assert documented == set(routes().items())


COMMANDS = sorted(path.stem for path in (PACKAGE / "management" / "commands").glob("[!_]*.py"))


def test_every_command_is_documented() -> None:
    sections = re.findall(r"^## (\w+)$", _read("reference/commands.md"), re.MULTILINE)
    assert sorted(sections) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented(name: str) -> None:
    def options(name: str) -> set[str]:
        parser = load_command_class("help_desk", name).create_parser("manage.py", name)
        return set(parser._option_string_actions)

    section = re.search(
        rf"^## {name}$(.*?)(?=^## |\Z)", _read("reference/commands.md"), re.MULTILINE | re.DOTALL
    )
    assert section
    documented = set(re.findall(r"^`(--[a-z-]+)", section[1], re.MULTILINE))
    own = load_command_class("help_desk", name)
    plain = own.__class__.__mro__[1]().create_parser("manage.py", name)
    assert documented == options(name) - set(plain._option_string_actions)


def test_documented_versions_match_the_classifiers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    claimed = {
        match[1].replace("Python ::", "Python").replace("Django ::", "Django")
        for classifier in project["classifiers"]
        if (
            match := re.search(
                r"(?:Framework|Language) :: ((?:Python|Django) :: \d\.\d+)$", classifier
            )
        )
    }
    table = re.search(r"^\|.*?(?=\n\n)", _read("reference/versions.md"), re.MULTILINE | re.DOTALL)
    assert table
    assert set(re.findall(r"(?:Python|Django) \d\.\d+", table[0])) == claimed


def test_documented_notification_table_matches_the_rules() -> None:
    lines = _read("topics/notifications.md").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| what happened"))
    header, _rule, *rest = lines[start:]
    roles = [Role(name) for name in _cells(header)[1:]]
    documented: dict[str, dict[str, set[str]]] = {}
    for cells in map(_cells, takewhile(bool, rest)):
        kind = re.match(r"`(\w+)`", cells[0])
        assert kind, cells
        channels = (set(cell.replace("-", "_").split(", ")) for cell in cells[1:])
        documented[kind[1]] = {
            role: {CHANNELS_IN_WORDS.get(name, name) for name in names}
            for role, names in zip(roles, channels, strict=True)
            if names != {""}
        }
    assert set(roles) == set(Role)
    assert documented == {
        kind: {role: set(channels) for role, channels in by_role.items()}
        for kind, by_role in RULES.items()
    }


CHANNELS_IN_WORDS = {"e_mail": "email"}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]
