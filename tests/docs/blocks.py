"""The fenced code blocks of the pages.

A block's info string has options after the language:

* `file=settings.py` (or `urls.py`, `templates/...`, any module): the block is that file of a host;
* `before-django=6.1`: the block is for Django versions before that;
* `from-django=6.0`: the block is for that version of Django and newer ones;
* `not-run="..."`: the block cannot run, for this reason.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import django

ROOT = Path(__file__).parent.parent.parent

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block.

    Attributes:
        page: The file that contains it.
        line: The number of its first line of code.
        language: The first word of the info string.
        options: The other words, in the form `name=value`.
        code: The text between the fences, dedented.
    """

    page: Path
    line: int
    language: str
    options: dict[str, str] = field(default_factory=dict)
    code: str

    @property
    def file(self) -> str | None:
        """The file of a host that the block is, if any."""
        return self.options.get("file")

    @property
    def reason_not_to_run(self) -> str | None:
        """The reason why the block cannot run, if any."""
        return self.options.get("not-run")

    @property
    def runs(self) -> bool:
        """Whether the block runs with this version of Django."""
        start = self.options.get("from-django", "0")
        end = self.options.get("before-django", "99")
        is_for_this_django = _version(start) <= django.VERSION[:2] < _version(end)
        return self.reason_not_to_run is None and is_for_this_django

    def __str__(self) -> str:
        return f"{name_of(self.page)}:{self.line}"

    def compiled(self, mode: str = "exec") -> object:
        """Compile the code so that a traceback names the page and the line."""
        return compile("\n" * (self.line - 1) + self.code, str(self.page), mode)


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def pages() -> list[Path]:
    """Return the pages whose blocks are tested."""
    front = (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))
    inner = (
        path
        for path in (ROOT / "docs").rglob("*.md")
        if not any(part.startswith("_") for part in path.relative_to(ROOT).parts)
    )
    return sorted(path for path in (*front, *inner) if path.exists())


def name_of(page: Path) -> str:
    """Return a page's path, relative to the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, without Sphinx directives."""
    found = []
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        opening = FENCE.match(line)
        if opening is None:
            continue
        closing = opening["indent"] + opening["ticks"]
        body = []
        for _number, inner in lines:
            if inner.rstrip() == closing:
                break
            body.append(inner)
        language, *words = shlex.split(opening["info"]) or [""]
        if language.startswith("{"):
            continue
        found.append(
            Block(
                page=page,
                line=number + 1,
                language=language,
                options=dict(word.split("=", 1) for word in words),
                code=textwrap.dedent("\n".join(body)) + "\n",
            )
        )
    return found


def all_blocks(*languages: str) -> list[Block]:
    """Return the blocks of these languages in all pages."""
    return [block for page in pages() for block in blocks_of(page) if block.language in languages]
