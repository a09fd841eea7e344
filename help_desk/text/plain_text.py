"""What the plain text that people type is made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.text import normalize_newlines

if TYPE_CHECKING:
    from collections.abc import Sequence

FENCE = "```"
CODE = r"`(?P<code>[^`\n]+)`"
URL = r"(?P<url>https?://[^\s<>\"`]+)"

# With the name of a language, which is not shown.
_OPENING = re.compile(FENCE + r"[\w+#.-]*")
_NO_PROSE = re.compile(f"{CODE}|{URL}", re.IGNORECASE)


def lines_of(text: str) -> list[str]:
    """Divide a text into lines, whatever ends them."""
    return normalize_newlines(text).split("\n")


def code_blocks(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Find blocks of code, which lines of three backticks enclose.

    Args:
        lines: Lines of a text.

    Returns:
        Numbers of the lines that open and close each block. A fence that is never closed
        is text; else half a ticket could be taken for code. So is a line that says more
        than a fence does.
    """
    blocks = []
    opening: int | None = None
    for number, line in enumerate(lines):
        text = line.strip()
        if opening is None and _OPENING.fullmatch(text):
            opening = number
        elif opening is not None and text == FENCE:
            blocks.append((opening, number))
            opening = None
    return blocks


def without_code(text: str) -> str:
    """Leave out of a text what is no prose: code and addresses of the web.

    Args:
        text: What somebody wrote.

    Returns:
        The rest, line by line.
    """
    lines = lines_of(text)
    prose: list[str] = []
    place = 0
    for opening, closing in code_blocks(lines):
        prose += lines[place:opening]
        place = closing + 1
    prose += lines[place:]
    return "\n".join(_NO_PROSE.sub(" ", line) for line in prose)
