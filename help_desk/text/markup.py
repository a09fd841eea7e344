"""Plain text as people type it, made into safe HTML.

Paragraphs, lists, code and links look as they were meant; nothing of the text is taken
for HTML. Each step looks at each character a bounded number of times, so that no text
makes a page slow.
"""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.safestring import mark_safe

from help_desk.text.mentions import MENTION, PUNCTUATION
from help_desk.text.plain_text import CODE, URL, code_blocks, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.utils.safestring import SafeString

_INLINE = re.compile(f"{CODE}|{URL}|(?P<mention>{MENTION.pattern})", re.IGNORECASE)
_BULLET = re.compile(r"[ \t]*[-*•][ \t]+(?=\S)")
_NUMBER = re.compile(r"[ \t]*(\d{1,9})[.)][ \t]+(?=\S)", re.ASCII)
# What ends a sentence is hardly ever the end of an address in it.
_AFTER_URL = ".,;:!?'*_"
_OPENING = {")": "(", "]": "[", "}": "{"}


def to_html(text: str) -> SafeString:
    """Make HTML of plain text.

    Paragraphs are divided by empty lines; lines that begin with `-`, `*` or `1.` are
    items of a list; between lines of three backticks, and between single backticks,
    is code; addresses of the web are links; `@name` is marked.

    Args:
        text: What somebody wrote.

    Returns:
        HTML in which everything of the text is escaped.
    """
    return mark_safe("\n".join(_blocks(lines_of(text))))


def _blocks(lines: list[str]) -> Iterator[str]:
    """Divide lines into code and what is between."""
    place = 0
    for opening, closing in code_blocks(lines):
        yield from _prose(lines[place:opening])
        code = "\n".join(lines[opening + 1 : closing])
        yield f"<pre><code>{escape(code)}</code></pre>"
        place = closing + 1
    yield from _prose(lines[place:])


def _prose(lines: list[str]) -> Iterator[str]:
    """Divide lines into paragraphs and lists."""
    for kind, group in groupby(lines, _kind_of):
        if kind == "ul":
            yield f"<ul>{_items(_BULLET, group)}</ul>"
        elif kind == "ol":
            numbered = list(group)
            first = _NUMBER.match(numbered[0])
            start = int(first[1]) if first else 1
            attribute = "" if start == 1 else f' start="{start}"'
            yield f"<ol{attribute}>{_items(_NUMBER, numbered)}</ol>"
        elif kind == "p":
            yield f"<p>{'<br>'.join(_inline(line.rstrip()) for line in group)}</p>"


def _kind_of(line: str) -> str:
    if not line or line.isspace():
        return ""
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBER.match(line) else "p"


def _items(mark: re.Pattern[str], lines: Iterable[str]) -> str:
    return "".join(f"<li>{_inline(mark.sub('', line, count=1))}</li>" for line in lines)


def _inline(line: str) -> str:
    """Mark up one line."""
    parts: list[str] = []
    place = 0
    for found in _INLINE.finditer(line):
        parts.append(escape(line[place : found.start()]))
        place = found.end()
        if found["code"] is not None:
            parts.append(f"<code>{escape(found['code'])}</code>")
        elif found["url"] is not None:
            parts.append(_link(found["url"]))
        else:
            parts.append(_mention(found["mention"]))
    parts.append(escape(line[place:]))
    return "".join(parts)


def _link(text: str) -> str:
    end = _end_of_url(text)
    url, after = escape(text[:end]), escape(text[end:])
    if text[:end].endswith("//"):
        return url + after
    return f'<a href="{url}" rel="nofollow noopener">{url}</a>{after}'


def _end_of_url(text: str) -> int:
    """Leave out what belongs to the sentence around an address."""
    surplus = {
        closing: text.count(closing) - text.count(opening) for closing, opening in _OPENING.items()
    }
    end = len(text)
    while end:
        last = text[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _AFTER_URL:
            break
        end -= 1
    return end


def _mention(text: str) -> str:
    name = text.rstrip(PUNCTUATION)
    if name == "@":
        return escape(text)
    return f'<span class="hd-mention">{escape(name)}</span>{escape(text[len(name) :])}'
