"""What a browser makes of a page, an email or a URL."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import html5lib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HTML = "{http://www.w3.org/1999/xhtml}"

MARKUP_TAGS = frozenset({"p", "br", "ul", "li", "code", "pre"})
"""The elements without attributes that a user's text can become."""


def parse(source: str) -> Any:
    """Return the tree of an HTML document, by the algorithm that browsers use."""
    return html5lib.parse(source, treebuilder="etree")


def skeleton(root: Any, is_text: Callable[[Any], bool]) -> list[tuple[int, str, tuple[Any, ...]]]:
    """Return the elements of a tree with their attributes, without users' texts.

    Of attributes that contain texts, URLs and dates, only the name is returned. Elements for which
    `is_text` returns True are included, but not what is in them.
    """
    return list(_skeleton(root, is_text, 0))


VARIABLE_ATTRIBUTES = frozenset({"datetime", "href", "value"})


def _skeleton(
    element: Any, is_text: Callable[[Any], bool], depth: int
) -> Iterator[tuple[int, str, tuple[Any, ...]]]:
    if not isinstance(element.tag, str):  # a comment
        yield depth, "comment", ()
        return
    attributes = tuple(
        sorted(
            (name, None if name in VARIABLE_ATTRIBUTES else value)
            for name, value in element.attrib.items()
        )
    )
    yield depth, element.tag, attributes
    if not is_text(element):
        for child in element:
            yield from _skeleton(child, is_text, depth + 1)


def markup_problems(root: Any, is_text: Callable[[Any], bool]) -> list[str]:
    """Return what users' texts contain besides the markup that they may become."""
    texts = [text for text in root.iter() if isinstance(text.tag, str) and is_text(text)]
    return [
        ascii(element.tag)
        for text in texts
        for element in list(text.iter())[1:]
        if not _is_markup(element)
    ]


def _is_markup(element: Any) -> bool:
    if not isinstance(element.tag, str):
        return False  # a comment
    tag, attributes = element.tag.removeprefix(HTML), element.attrib
    if tag == "a":
        is_http = re.match(r"https?://", attributes.get("href", ""), re.IGNORECASE)
        others = {name: value for name, value in attributes.items() if name != "href"}
        return bool(is_http) and others == {"rel": "nofollow noopener"}
    if tag == "ol":
        return attributes.keys() <= {"start"} and attributes.get("start", "1").isdigit()
    if tag == "span":
        return attributes == {"class": "hd-mention"}
    return tag in MARKUP_TAGS and not attributes


SPECIAL = {"http", "https", "ws", "wss", "ftp", "file"}
"""Schemes for which a backslash is a slash (https://url.spec.whatwg.org/#special-scheme)."""


def host_of(url: str, *, base_scheme: str = "http", base_host: str = "testserver") -> str:
    """Return where a browser goes that finds a URL on a page of a site.

    This is the part of the URL standard that decides about the host
    (https://url.spec.whatwg.org/#concept-basic-url-parser); the browser tests compare it with
    Chromium. For schemes without a host, the scheme with its colon is returned.
    """
    url = url.strip("".join(map(chr, range(33))))
    url = re.sub("[\t\n\r]", "", url)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", url)
    if scheme:
        name, rest = scheme[1].lower(), url[scheme.end() :]
        if name not in SPECIAL or name == "file":
            return f"{name}:"
        if name == base_scheme and not rest.startswith("//"):
            return _relative(rest, base_host)
        return _authority(rest)
    return _relative(url, base_host)


def _relative(url: str, base_host: str) -> str:
    return _authority(url) if re.match(r"[/\\]{2}", url) else base_host


def _authority(url: str) -> str:
    authority = re.split(r"[/\\?#]", url.lstrip("/\\"), maxsplit=1)[0]
    host = authority.rpartition("@")[2].lower()
    host = re.sub(r":\d*$", "", host)
    return unicodedata.normalize("NFKC", unquote(host)).replace("。", ".")
