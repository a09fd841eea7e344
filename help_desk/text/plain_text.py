"""Plain text as users type it: lines, code, URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.text import normalize_newlines

if TYPE_CHECKING:
    from collections.abc import Sequence

FENCE = "```"
CODE = r"`(?P<code>[^`\n]+)`"
URL = r"(?P<url>https?://[^\s<>\"`]+)"

# A language name may follow; it is not shown.
_OPENING_FENCE = re.compile(FENCE + r"[\w+#.-]*")
_NOT_PROSE = re.compile(f"{CODE}|{URL}", re.IGNORECASE)


def normalize_text(text: str) -> str:
    """Return a text without what browsers and forms change: line endings, outer white space."""
    return str(normalize_newlines(text)).strip()


def is_storable(text: str) -> bool:
    """Whether every database can store a text, and accepts it in a query."""
    return text == storable(text)


def storable(text: str, replacement: str = "") -> str:
    """Replace null characters and lone surrogates, which databases cannot store."""
    without_null = text.replace("\x00", replacement)
    return without_null.encode(errors="replace" if replacement else "ignore").decode()


def lines_of(text: str) -> list[str]:
    """Split a text into lines, whatever their endings."""
    return str(normalize_newlines(text)).split("\n")


def code_blocks(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return the line numbers of the fences that open and close each block of code.

    A fence that is never closed is text, or else half a ticket could be taken for code.
    """
    blocks = []
    opening: int | None = None
    for number, line in enumerate(lines):
        text = line.strip()
        if opening is None and _OPENING_FENCE.fullmatch(text):
            opening = number
        elif opening is not None and text == FENCE:
            blocks.append((opening, number))
            opening = None
    return blocks


def without_code(text: str) -> str:
    """Return a text without code and URLs."""
    lines = lines_of(text)
    prose: list[str] = []
    start = 0
    for opening, closing in code_blocks(lines):
        prose += lines[start:opening]
        start = closing + 1
    prose += lines[start:]
    return "\n".join(_NOT_PROSE.sub(" ", line) for line in prose)
