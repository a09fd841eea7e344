"""The shell commands in the README and the documentation exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.blocks import ROOT, all_blocks, name_of, pages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.blocks import Block

# With another user model, createsuperuser has other options.
pytestmark = pytest.mark.hosts("default")

OTHER_PROGRAMS = frozenset(
    {"cd", "export", "django-admin", "git", "pre-commit", "source"}
    | {"djade", "djlint", "lint-imports", "mutmut", "mypy", "ruff", "sphinx-build"}
)
MODULES = frozenset(
    {"aiosmtpd", "build", "pytest", "twine", "venv"}
    | {"tests", "tests.faults", "tests.load", "tests.mutation"}
)
# The commands of the example project are not installed here.
EXAMPLE_COMMANDS = frozenset(
    path.stem for path in ROOT.glob("example_project/**/management/commands/*.py")
)

LINES = [
    (block, command.strip())
    for block in all_blocks("shell")
    if block.runs
    for line in block.code.replace("\\\n", " ").splitlines()
    for command in line.split("&&")
    if command.strip() and not command.lstrip().startswith("#")
]


@pytest.mark.parametrize(("block", "line"), LINES, ids=[f"{block} {line}" for block, line in LINES])
def test_command_exists(block: Block, line: str) -> None:
    words = shlex.split(line, comments=True)
    while "=" in words[0]:
        words.pop(0)  # an environment variable
    program, *rest = words
    program = program.removeprefix(".venv/bin/").replace("python3", "python")
    if program == "pip":
        program, rest = "python", ["-m", "pip", *rest]
    if program == "python":
        _check_python(rest)
    elif program == "tox":
        _check_tox(rest)
    else:
        assert program in OTHER_PROGRAMS or (ROOT / program).exists()


def _check_python(arguments: list[str]) -> None:
    match arguments:
        case ["-m", "pip", "uninstall", name]:
            assert name == "django-deskside"
        case ["-m", "pip", "install", *rest]:
            _check_requirements(rest)
        case ["-m", module, *_rest]:
            assert module in MODULES
        case [path] if path.startswith((".ci/", "benchmarks/", "docs/")):
            assert (ROOT / path).exists()
        case [path, *rest] if path.endswith("manage.py"):
            _check_management_command(rest)
        case _:
            pytest.fail(f"Unknown arguments of python: {arguments}")


def _check_management_command(command_line: list[str]) -> None:
    name, *arguments = command_line
    if name in EXAMPLE_COMMANDS:
        return
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(arguments)


def _check_requirements(arguments: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    name, groups = project["project"]["name"], project["dependency-groups"]
    before = ""
    for argument in arguments:
        if before == "--group":
            assert argument in groups
        elif not argument.startswith("-"):
            assert argument in {name, ".", f"./{name}", "pip"}
        before = argument


def _check_tox(arguments: list[str]) -> None:
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    for option, value in pairwise(arguments):
        if option == "-e":
            factors = {part for env in value.split(",") for part in env.split("-")}
            assert [factor for factor in sorted(factors) if factor not in tox] == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_management_commands_named_in_prose_exist(page: Path) -> None:
    named = re.findall(r"manage\.py ([a-z_]+)((?: --[a-z-]+)*)", page.read_text("utf-8"))
    known = get_commands()
    for name, options in named:
        if name in EXAMPLE_COMMANDS:
            continue
        assert name in known, name
        parser = load_command_class(known[name], name).create_parser("manage.py", name)
        assert set(options.split()) <= set(parser._option_string_actions)
