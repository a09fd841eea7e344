"""Write the generated parts of docs/reference from the code.

    python docs/generate_reference.py          write them
    python docs/generate_reference.py --check  fail if a page is not current

A page marks a generated part by a pair of comments:

    <!-- generated: settings -->
    <!-- /generated -->

The first says what belongs between them: `settings`, `templates`, `authorization` with the name of
a table, or `api` with the dotted path of a class, function or signal and the names of the members
to document (`*` for all public ones).
"""

from __future__ import annotations

import ast
import enum
import inspect
import itertools
import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.db import models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
TEMPLATES = ROOT / "help_desk" / "templates"

PART = re.compile(
    r"(?P<start><!-- generated: (?P<kind>\w+)(?P<arguments>[^>]*) -->\n).*?"
    r"(?P<end><!-- /generated -->)",
    re.DOTALL,
)
TEMPLATE_COMMENT = re.compile(
    r"\{# (?P<line>.*?) #\}|\{% comment %\}(?P<lines>.*?)\{% endcomment %\}", re.DOTALL
)
SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$", re.MULTILINE)
SECTION_TITLES = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Raises": "Raises",
    "Returns": "Returns",
    "Yields": "Yields",
}


def main() -> int:
    """Write or check every page; return the exit status."""
    sys.path.append(str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    check = "--check" in sys.argv[1:]
    stale = []
    for page in sorted(REFERENCE.glob("*.md")):
        old = page.read_text(encoding="utf-8")
        new = generate(old)
        if new != old:
            stale.append(page.relative_to(ROOT).as_posix())
            if not check:
                page.write_text(new, encoding="utf-8")
    for name in stale:
        print(f"{name}: {'run python docs/generate_reference.py' if check else 'written'}")  # noqa: T201
    return int(check and bool(stale))


def generate(page: str) -> str:
    """Return the text of a page with its generated parts written anew."""

    def part(match: re.Match[str]) -> str:
        lines = GENERATORS[match["kind"]](*match["arguments"].split())
        text = "\n".join(lines).strip()
        return f"{match['start']}\n{text}\n\n{match['end']}"

    return PART.sub(part, page)


def settings() -> Iterator[str]:
    """Yield a section for each key of `HELP_DESK`."""
    from help_desk.conf import SETTINGS  # noqa: PLC0415 -- after django.setup()

    for setting in SETTINGS:
        types = " or ".join(kind.__name__ for kind in setting.types)
        yield from (f"### {setting.name}", "", setting.help, "")
        yield f"* Type: {types.replace('NoneType', '`None`')}"
        yield f"* Default: `{setting.default!r}`"
        if setting.choices:
            yield f"* Choices: {', '.join(f'`{choice!r}`' for choice in setting.choices)}"
        if setting.limits:
            yield f"* Range: {setting.limits[0]} to {setting.limits[1]}"
        yield ""


def templates() -> Iterator[str]:
    """Yield the name of each template and the comment at the top of its file."""
    for path in sorted(TEMPLATES.rglob("*.*")):
        found = TEMPLATE_COMMENT.search(path.read_text(encoding="utf-8"))
        comment = " ".join((found["line"] or found["lines"]).split()) if found else ""
        yield from (f"`{path.relative_to(TEMPLATES).as_posix()}`", f": {comment}", "")


def authorization(table: str) -> Iterator[str]:
    """Yield a table of who may do what; the tests prove it."""
    from tests.security import authorization  # noqa: PLC0415 -- not installed with the package

    yield from authorization.markdown(table)


def api(path: str, *members: str) -> Iterator[str]:
    """Yield the documentation of a class, function or signal, and of members of a class."""
    module_path, _, name = path.rpartition(".")
    module = import_module(module_path)
    thing = getattr(module, name)
    yield from (f"### {name}", "", f"`{path}`", "")
    if inspect.isfunction(thing):
        yield from _function(thing, "")
    elif not inspect.isclass(thing):
        yield from _docstring(_attribute_docstring(module, name))
    elif issubclass(thing, enum.Enum):
        yield from _docstring(inspect.getdoc(thing))
        yield from _values(thing)
    else:
        yield from _class(thing, members)


def _class(cls: type, members: tuple[str, ...]) -> Iterator[str]:
    bases = [
        base for base in cls.__mro__[1:] if base.__module__ == "builtins" and base is not object
    ]
    if bases and bases[0] is not Exception and not cls.__dict__.get("__dataclass_fields__"):
        yield from (f"Also a `{bases[0].__name__}`.", "")
    yield from _docstring(cls.__dict__.get("__doc__"))
    if issubclass(cls, models.Model):
        yield from _fields(cls)
    if members == ("*",):
        members = tuple(name for name in _public_members(cls))
    for name in members:
        member = inspect.getattr_static(cls, name)
        yield from (f"#### {cls.__name__}.{name}", "")
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        if isinstance(member, property):
            yield from _docstring(inspect.getdoc(function))
        elif inspect.isfunction(function):
            yield from _function(function, f"{cls.__name__}.")
        else:
            yield from _docstring(_attribute_docstring(cls, name))


def _fields(model: type[models.Model]) -> Iterator[str]:
    yield from ("| field | type | meaning |", "|---|---|---|")
    for field in model._meta.concrete_fields:
        if not field.primary_key:
            meaning = field.help_text or field.verbose_name
            yield f"| `{field.name}` | `{type(field).__name__}` | {meaning} |"
    yield ""


def _public_members(cls: type) -> Iterator[str]:
    for name, member in vars(cls).items():
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function):
            yield name


def _function(function: Callable[..., Any], prefix: str) -> Iterator[str]:
    signature = inspect.signature(function)
    parameters = [
        parameter for name, parameter in signature.parameters.items() if name not in {"self", "cls"}
    ]
    call = str(signature.replace(parameters=parameters)).replace("'", "")
    yield from (f"`{prefix}{function.__name__}{call}`", "")
    yield from _docstring(inspect.getdoc(function))


def _values(cls: type[enum.Enum]) -> Iterator[str]:
    yield from ("| member | value | label |", "|---|---|---|")
    for member in cls:
        yield f"| `{member.name}` | `{member.value}` | {getattr(member, 'label', '')} |"
    yield ""


def _docstring(text: str | None) -> Iterator[str]:
    """Yield a Google-style docstring as Markdown."""
    introduction, *sections = SECTION.split(inspect.cleandoc(text or ""))
    yield from (introduction.strip(), "")
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        yield from (f"{SECTION_TITLES[title]}:", "")
        entries = inspect.cleandoc(body)
        if title in {"Returns", "Yields"}:
            yield from (entries, "")
            continue
        for line in entries.splitlines():
            named = re.match(r"(?P<name>[*\w.]+): (?P<text>.*)", line)
            yield f"* `{named['name']}`: {named['text']}" if named else f"  {line.strip()}"
        yield ""


def _attribute_docstring(owner: Any, name: str) -> str:
    """Return the string below the assignment of a name in a module or class."""
    tree = ast.parse(inspect.cleandoc(inspect.getsource(owner))).body
    body = tree[0].body if isinstance(tree[0], ast.ClassDef) else tree
    for assignment, text in itertools.pairwise(body):
        targets = getattr(assignment, "targets", None) or [getattr(assignment, "target", None)]
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if is_text and any(getattr(target, "id", None) == name for target in targets):
            return str(text.value.value)
    return ""


GENERATORS: dict[str, Callable[..., Iterator[str]]] = {
    "settings": settings,
    "templates": templates,
    "authorization": authorization,
    "api": api,
}

if __name__ == "__main__":
    sys.exit(main())
