"""Rendering users' plain text as safe HTML.

Each step visits each character a bounded number of times, so the time is linear in the length
of the text.
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
# At the end of a URL, these belong to the sentence around it.
_AFTER_URL = ".,;:!?'*_"
_OPENING = {")": "(", "]": "[", "}": "{"}


def to_html(text: str) -> SafeString:
    """Render plain text as HTML, with everything in it escaped.

    Empty lines separate paragraphs. Lines that start with `-`, `*` or `1.` are list items. Text
    between lines of three backticks, or between single backticks, is code. URLs become links,
    and `@name` is highlighted.
    """
    return mark_safe("\n".join(_blocks(lines_of(text))))  # noqa: S308 -- every part is escaped


def _blocks(lines: list[str]) -> Iterator[str]:
    """Yield blocks of code, and what is between them."""
    start = 0
    for opening, closing in code_blocks(lines):
        yield from _prose(lines[start:opening])
        code = "\n".join(lines[opening + 1 : closing])
        yield f"<pre><code>{escape(code)}</code></pre>"
        start = closing + 1
    yield from _prose(lines[start:])


def _prose(lines: list[str]) -> Iterator[str]:
    """Yield paragraphs and lists."""
    for tag, group in groupby(lines, _tag_of):
        if tag == "ul":
            yield f"<ul>{_items(_BULLET, group)}</ul>"
        elif tag == "ol":
            numbered = list(group)
            first = _NUMBER.match(numbered[0])
            start = int(first[1]) if first else 1
            attribute = "" if start == 1 else f' start="{start}"'
            yield f"<ol{attribute}>{_items(_NUMBER, numbered)}</ol>"
        elif tag == "p":
            yield f"<p>{'<br>'.join(_inline(line.rstrip()) for line in group)}</p>"


def _tag_of(line: str) -> str:
    if not line or line.isspace():
        return ""
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBER.match(line) else "p"


def _items(marker: re.Pattern[str], lines: Iterable[str]) -> str:
    return "".join(f"<li>{_inline(marker.sub('', line, count=1))}</li>" for line in lines)


def _inline(line: str) -> str:
    parts: list[str] = []
    start = 0
    for match in _INLINE.finditer(line):
        parts.append(escape(line[start : match.start()]))
        start = match.end()
        if match["code"] is not None:
            parts.append(f"<code>{escape(match['code'])}</code>")
        elif match["url"] is not None:
            parts.append(_link(match["url"]))
        else:
            parts.append(_mention(match["mention"]))
    parts.append(escape(line[start:]))
    return "".join(parts)


def _link(text: str) -> str:
    end = _end_of_url(text)
    url, after = escape(text[:end]), escape(text[end:])
    if text[:end].endswith("//"):
        return url + after
    return f'<a href="{url}" rel="nofollow noopener">{url}</a>{after}'


def _end_of_url(text: str) -> int:
    """Return where the URL ends: before punctuation and unbalanced brackets at the end."""
    unbalanced = {
        closing: text.count(closing) - text.count(opening) for closing, opening in _OPENING.items()
    }
    end = len(text)
    while end:
        last = text[end - 1]
        if unbalanced.get(last, 0) > 0:
            unbalanced[last] -= 1
        elif last not in _AFTER_URL:
            break
        end -= 1
    return end


def _mention(text: str) -> str:
    name = text.rstrip(PUNCTUATION)
    if name == "@":
        return escape(text)
    return f'<span class="hd-mention">{escape(name)}</span>{escape(text[len(name) :])}'
