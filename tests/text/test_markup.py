"""Rendering plain text as safe HTML."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from help_desk.text.markup import to_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("one\ntwo\r\n\r\nthree", "<p>one<br>two</p>\n<p>three</p>"),
        ("- a\n* b\n• c", "<ul><li>a</li><li>b</li><li>c</li></ul>"),
        ("1. a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        ("7. a\n8. b", '<ol start="7"><li>a</li><li>b</li></ol>'),
        ("2026 was good\n- 5 degrees\n-5 degrees", None),
        ("Steps:\n1. a\nthen b", "<p>Steps:</p>\n<ol><li>a</li></ol>\n<p>then b</p>"),
        ("see `a < b`", "<p>see <code>a &lt; b</code></p>"),
        ("``", "<p>``</p>"),
        ("a ` b\nc ` d", "<p>a ` b<br>c ` d</p>"),
        ("x\n```py\nif a:\n    <b>\n\n- no list\n```\ny",
            "<p>x</p>\n<pre><code>if a:\n    &lt;b&gt;\n\n- no list</code></pre>\n<p>y</p>"),
        ("```\nnever closed", "<p>```<br>never closed</p>"),
        ("<b>&amp;</b> \"'", "<p>&lt;b&gt;&amp;amp;&lt;/b&gt; &quot;&#x27;</p>"),
        ("@ada, a@b.example @", '<p><span class="hd-mention">@ada</span>, a@b.example @</p>'),
    ],
    ids=lambda value: None if value is None else ascii(value[:25]),
)  # fmt: skip
def test_paragraphs_lists_code_and_mentions_are_rendered(text: str, html: str | None) -> None:
    if html is None:
        assert to_html(text) == (
            "<p>2026 was good</p>\n<ul><li>5 degrees</li></ul>\n<p>-5 degrees</p>"
        )
    else:
        assert to_html(text) == html


@pytest.mark.parametrize(
    ("text", "url", "after"),
    [
        ("https://a.example/b?c=d&e=f", "https://a.example/b?c=d&amp;e=f", ""),
        ("HTTP://A.example/@ada", "HTTP://A.example/@ada", ""),
        ("https://a.example.", "https://a.example", "."),
        ("https://a.example/x_(y).", "https://a.example/x_(y)", "."),
        ("https://a.example)!", "https://a.example", ")!"),
        ("https://a.example/ü?x='1'", "https://a.example/ü?x=&#x27;1", "&#x27;"),
        ('https://a.example"onclick="x', "https://a.example", "&quot;onclick=&quot;x"),
    ],
)
def test_urls_become_links(text: str, url: str, after: str) -> None:
    link = f'<a href="{url}" rel="nofollow noopener">{url}</a>'
    assert to_html(text) == f"<p>{link}{after}</p>"


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "//a.example", "https://", "ftp://a.b"]
)
def test_other_schemes_do_not_become_links(text: str) -> None:
    assert "<a" not in to_html(text)


class Reader(HTMLParser):
    """Collects the elements and the text that a browser would recognize."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.urls: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.urls += [value or "" for name, value in attrs if name == "href"]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


MARKS = st.sampled_from(
    ["`", "```", "\n", "\r\n", "- ", "1. ", "https://", "@", "<", ">", "&", '"', "'", "(", ")",
        "<script>", "&lt;", "\x00", "\ud800", "\u2028", " ", "a", "."]
)  # fmt: skip


@given(text=st.lists(MARKS | st.text(max_size=8), max_size=60).map("".join))
def test_any_text_is_safe_and_complete(text: str) -> None:
    reader = Reader()
    reader.feed(to_html(text))
    reader.close()
    assert reader.open == []
    assert reader.elements <= {"p", "br", "ul", "ol", "li", "code", "pre", "a", "span"}
    assert reader.attributes <= {"href", "rel", "class", "start"}
    assert all(re.match("https?://", url, re.IGNORECASE) for url in reader.urls)
    if "```" not in text:  # the language name after a fence is not shown
        letters = r"[^\W\d]"
        assert re.findall(letters, text) == re.findall(letters, reader.text)


REPEATED_UNITS = [
    "`", "``", "`a", "```\n", "(", ")", "http://", "https://x)", "https://x" + "(", "@", "@a.",
    "a@", ".", "- ", "-", "1. ", "1", " ", "\t- ", "\n", "\r", "<", "&", "https://x.example/).,",
]  # fmt: skip


def steps_for(text: str) -> int:
    """Count the executed lines of Python, which do not depend on the machine's speed."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        to_html(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("unit", REPEATED_UNITS, ids=ascii)
def test_number_of_steps_is_linear(unit: str) -> None:
    small, large = (steps_for(unit * (size // len(unit))) for size in (1_000, 4_000))
    assert large <= 4 * small + 200


@pytest.mark.parametrize("unit", REPEATED_UNITS, ids=ascii)
def test_a_hundred_thousand_characters_are_rendered(unit: str) -> None:
    """A regular expression that backtracks would hang here; its steps are not counted above."""
    assert to_html("x" + unit * (100_000 // len(unit))).startswith("<p>x")


@pytest.mark.parametrize(
    "text",
    [
        "See:\n```\ntrace\n``` it broke after the update\nBye",
        "```it broke```\nand\n```after the update```",
    ],
    ids=["after-the-end", "on-one-line"],
)
def test_text_next_to_a_fence_is_kept(text: str) -> None:
    assert "it broke" in to_html(text)
    assert "after the update" in to_html(text)
