"""Requests that no browser sends get a response, never a server error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from help_desk.models import HelpDeskTicket
from tests.security.authorization import DATA, PAGES, PUBLIC, rows_of
from tests.security.world import changed_models, objects_for, snapshot, undone
from tests.support.corpora import LONG_UNITS, TEXTS, repeat

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

ROWS = rows_of(PAGES)
GET_ROUTES = sorted({row.route for row in ROWS if row.method == "GET"})
POST_ROUTES = sorted({row.route for row in ROWS if row.method == "POST"})
FORM = "application/x-www-form-urlencoded"
BIG = "9" * 20
NUMBERS = (
    "", "0", "-1", "1.5", "1e9", "0x1", " 1", "1_000", "+1", "\u0661", "\uff11", "½", "NaN", "None",
    "True", "[]", BIG, f"-{BIG}", "9" * 400, "9" * 5000, "9223372036854775807", "\x00", "1\x00",
    "9223372036854775808", "2147483648", "a" * 20_000,
)  # fmt: skip
ESCAPES = (
    "%", "%%", "%zz", "%u0041", "%00", "%ff", "%fe%ff", "%c0%af", "%e0%80%af", "%ed%a0%80",
    "%f4%90%80%80", "%f8%88%80%80%80", "%80", "%0d%0aX-Injected:%201", "%25%30%30", "%c2%85",
    "\\x00", "+", "&", "=", ";", "&&==&", "#", "?", "[]", "{}", "%5B%5D",
)  # fmt: skip
"""Query strings that are not valid UTF-8, or not what `urlencode` writes."""
PARAMETERS = ("q", "status", "priority", "purpose", "assignee", "page", "before", "version",
              "return_url", "unknown")  # fmt: skip


@pytest.fixture
def url_of(user: Any) -> Callable[[str, str], str]:
    """Return the URL of a page's object that the method can be used on."""
    arguments = objects_for(user)

    def build(route: str, method: str) -> str:
        row = next(
            row
            for row in ROWS
            if (row.route, row.method) == (route, method) and row.cells["mngr"][0] in "23"
        )
        return reverse(f"django_spire:help_desk:{route}", kwargs=arguments[row.object])

    return build


def check(response: Any) -> None:
    assert response.status_code < 500
    assert not response.has_header("X-Injected")
    if response.has_header("Location"):
        assert not set(response["Location"]) & set("\r\n")


@pytest.mark.parametrize("route", GET_ROUTES)
def test_query_strings_cause_no_error(
    browser: Client, url_of: Callable[[str, str], str], route: str
) -> None:
    url = url_of(route, "GET")
    with undone():
        for escape in ESCAPES:
            query = "&".join(f"{name}={escape}" for name in PARAMETERS)
            check(browser.get(url, QUERY_STRING=f"{escape}&{query}"))


@pytest.mark.parametrize("parameter", ["page", "before", "version"])
@pytest.mark.parametrize("route", ["page:list", "page:detail", "page:inbox", "page:preferences"])
def test_numbers_cause_no_error(
    browser: Client, url_of: Callable[[str, str], str], route: str, parameter: str
) -> None:
    url = url_of(route, "GET")
    with undone():
        for number in NUMBERS:
            response = browser.get(url, {parameter: number})
            assert response.status_code == 200


@pytest.mark.parametrize("number", NUMBERS, ids=[f"{len(text)}-{text[:20]!a}" for text in NUMBERS])
def test_form_fields_that_are_not_numbers_cause_no_error(
    browser: Client, url_of: Callable[[str, str], str], number: str
) -> None:
    names = ("version", "current_version", "page")
    for route in POST_ROUTES:
        with undone():
            response = browser.post(
                url_of(route, "POST"), {**DATA.get(route, {}), **dict.fromkeys(names, number)}
            )
            check(response)
            assert response.status_code in {200, 302}, route


@pytest.mark.parametrize("route", ["page:list", "page:detail"])
def test_repeated_and_structured_parameters_cause_no_error(
    browser: Client, url_of: Callable[[str, str], str], route: str
) -> None:
    url = url_of(route, "GET")
    queries = [
        "&".join(f"{name}=1&{name}=2" for name in PARAMETERS),
        "&".join(f"{name}[]=1&{name}[x]=2&{name}.x=3" for name in PARAMETERS),
        "&".join(f"{name}" for name in PARAMETERS),
        "&".join(f"{name}={{%22$ne%22:1}}" for name in PARAMETERS),
        "page=2" * 1000,
        "status=read;priority=low",
    ]
    with undone():
        for query in queries:
            assert browser.get(url, QUERY_STRING=query).status_code == 200


def test_the_last_of_repeated_parameters_counts(
    browser: Client, url_of: Callable[[str, str], str]
) -> None:
    response = browser.get(url_of("page:list", "GET"), QUERY_STRING="status=done&status=read")
    assert response.context["filters"].active_filters == {"status": "read"}


BODIES = {
    "json": ("application/json", b'{"purpose": "app"}'),
    "broken-json": ("application/json", b'{"'),
    "xml": ("text/xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///">]><x/>'),
    "nothing": ("", b""),
    "unknown": ("application/octet-stream", bytes(range(256))),
    "type-with-line-end": ("text/plain; charset=utf-8; x=\t", b"x"),
    "invalid-utf-8": (FORM, b"text=%ff%fe&description=\xff\xfe&subscription=%c0%80"),
    "null-characters": (FORM, b"text=%00&description=%00&status=%00&action=%00&assignee=%00"),
    "surrogates": (FORM, b"text=%ed%a0%80&description=%ed%a0%80&assignee=%ed%a0%80"),
    "no-names": (FORM, b"&&&===&=x&"),
    "other-charset": (f"{FORM}; charset=utf-16", "text=x".encode("utf-16")),
    "unknown-charset": (f"{FORM}; charset=nonsense", b"text=x"),
    "multipart-without-boundary": ("multipart/form-data", b"x"),
    "multipart-with-wrong-boundary": ("multipart/form-data; boundary=a", b"--b\r\n\r\nx\r\n--b--"),
    "multipart-with-empty-boundary": ("multipart/form-data; boundary=", b"--\r\n\r\nx\r\n----"),
    "multipart-with-long-boundary": (f"multipart/form-data; boundary={'a' * 300}", b"x"),
    "multipart-cut-off": (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="text"\r\n\r\nx',
    ),
    "multipart-without-a-name": (
        "multipart/form-data; boundary=a",
        b"--a\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a--\r\n",
    ),
    "multipart-base64": (
        "multipart/form-data; boundary=a",
        (
            b'--a\r\nContent-Disposition: form-data; name="text"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--a--\r\n"
        ),
    ),
    "file-as-a-text": (
        "multipart/form-data; boundary=a",
        (
            b'--a\r\nContent-Disposition: form-data; name="description"; filename="x.html"\r\n'
            b"Content-Type: text/html\r\n\r\n<script>\r\n--a--\r\n"
        ),
    ),
    "too-many-fields": (FORM, b"&".join(b"x%d=1" % number for number in range(1001))),
    "too-large": (FORM, b"text=" + b"x" * 3_000_000),
}


READ_AS_TEXT = {
    "invalid-utf-8",
    "multipart-base64",
    "multipart-cut-off",
    "surrogates",
    "unknown-charset",
}
"""Bodies of which Django makes a valid text; what is not UTF-8 becomes U+FFFD."""


@pytest.mark.parametrize(("content_type", "body"), BODIES.values(), ids=BODIES)
def test_bodies_cause_no_error_and_change_nothing(
    browser: Client, url_of: Callable[[str, str], str], content_type: str, body: bytes
) -> None:
    before = snapshot()
    harmless = {"page:inbox_mark_all_read", "page:inbox_mark_read", "page:unsubscribe"}
    is_text = body in {BODIES[name][1] for name in READ_AS_TEXT}
    for route in POST_ROUTES:
        with undone():
            response = browser.generic("POST", url_of(route, "POST"), body, content_type)
            check(response)
            # Three pages need no data: the request is enough.
            if route not in harmless and not is_text:
                assert changed_models(before) == set(), route


@pytest.mark.parametrize("unit", LONG_UNITS, ids=ascii)
def test_long_parameters_cause_no_error(
    browser: Client, url_of: Callable[[str, str], str], unit: str
) -> None:
    text = repeat(unit, 20_000)
    with undone():
        response = browser.get(url_of("page:list", "GET"), dict.fromkeys(PARAMETERS, text))
        assert response.status_code == 200
        response = browser.post(
            url_of("form:assign", "POST"), {"action": "assign", "assignee": text}
        )
        assert response.status_code == 200
    signed_out = Client().get(url_of("page:list", "GET"), {"q": text})
    assert signed_out.status_code in {302, 400}  # Django refuses to redirect to a long URL


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_searches_find_the_text_as_it_is(
    browser: Client, user: Any, url_of: Callable[[str, str], str], texts: tuple[str, ...]
) -> None:
    """A search text means nothing to the database."""
    ticket = HelpDeskTicket.objects.all()[0]
    url = url_of("page:list", "GET")
    for text in (text[:100] for text in texts[:10]):
        HelpDeskTicket.objects.filter(pk=ticket.pk).update(description=f"before {text} after")
        response = browser.get(url, {"q": text.strip()})
        assert ticket in response.context["tickets"]
        response = browser.get(url, {"q": f"{text.strip()}, but not that"})
        assert list(response.context["tickets"]) == []


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "%%", "d_scription", "[a-z]", "*", ".*", "^"])
def test_searches_have_no_wildcards(
    browser: Client, url_of: Callable[[str, str], str], wildcard: str
) -> None:
    response = browser.get(url_of("page:list", "GET"), {"q": wildcard})
    assert list(response.context["tickets"]) == []


PATHS = (
    "page/0/detail/", f"page/{BIG}/detail/", f"page/{'9' * 5000}/detail/", "page/-1/detail/",
    "page/1.0/detail/", "page/\u0661/detail/", "page/1%00/detail/", "page/%ff/detail/",
    "page/%2e%2e/detail/", "page/../../admin/", "page//detail/", "page/1/detail",
    "page/1/DETAIL/",
    f"page/inbox/{BIG}/read/", f"form/comment/{BIG}/edit/", f"form/{BIG}/update/",
    "page/unsubscribe/%00/", "page/unsubscribe/%ff/", "page/unsubscribe/:/",
    "page/unsubscribe/a:b:c/",
    f"page/unsubscribe/{'a' * 5000}/", "page/unsubscribe/.eJw:1:x/",
    f"page/unsubscribe/{quote('é')}/",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", PATHS, ids=[ascii(path)[:40] for path in PATHS])
def test_paths_cause_no_error(browser: Client, path: str, method: str) -> None:
    response = browser.generic(method, f"/help_desk/{path}")
    assert response.status_code in {301, 302, 404, 405}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    query=st.dictionaries(
        st.sampled_from(PARAMETERS), st.text(st.characters(codec="utf-8"), max_size=40)
    )
)
def test_any_query_string_shows_the_list(
    browser: Client, url_of: Callable[[str, str], str], query: dict[str, str]
) -> None:
    assert browser.get(url_of("page:list", "GET"), query).status_code == 200


def test_anonymous_requests_read_no_body(url_of: Callable[[str, str], str]) -> None:
    """A signed-out user is redirected before anything that they sent is used."""
    before = snapshot()
    for route in sorted(set(POST_ROUTES) - PUBLIC):
        response = Client().generic("POST", url_of(route, "POST"), *BODIES["too-many-fields"][::-1])
        assert response.status_code == 302
        assert changed_models(before) == set()
