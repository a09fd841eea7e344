"""Hostile texts and URLs in Chromium: no script runs, nothing is loaded, no link leads away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent
from tests.support.corpora import ACTIVE, EVIL, HARMLESS, TEXTS, URLS
from tests.support.documents import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page, Request, Route

ALL_TEXTS = [text for texts in TEXTS.values() for text in texts]
ALL_URLS = [url for urls in URLS.values() for url in urls]
ON_ONE_PAGE = 50

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
"""With it, Chromium reports every attempt to run or load something; `open_page` fails then."""

LOOK = """() => ({
    compromised: window.compromised,
    handlers: [...document.querySelectorAll("*")].filter(
        (element) => [...element.attributes].some((one) => /^on|^style$|^srcdoc$/i.test(one.name))
    ).length,
    elements: [...new Set([...document.querySelectorAll("*")].map((one) => one.localName))],
    hosts: [...new Set(
        [...document.querySelectorAll("a[href], form[action], [formaction]")]
            .filter((one) => !one.closest(".hd-text"))
            .map((one) => new URL(one.formAction || one.href || one.action, location).host)
    )],
})"""


@pytest.fixture(params=["with-policy", "without-policy"])
def window(request: pytest.FixtureRequest, page: Page, sign_in: Any, manager: Any) -> Page:
    """A page of a signed-in manager, on a site with and without a content security policy."""
    sign_in(manager)
    if request.param == "with-policy":

        def add_policy(route: Route) -> None:
            response = route.fetch()
            headers = {**response.headers, "content-security-policy": POLICY}
            route.fulfill(response=response, headers=headers)

        page.route("**/help_desk/**", add_policy)
    return page


@pytest.fixture
def watched(window: Page) -> Iterator[Page]:
    """The same page; the test fails if it opens a dialog or requests anything else."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if EVIL in request.url or not request.url.startswith(("http://localhost", "data:,")):
            seen.append(request.url)

    window.on("request", note)
    window.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    yield window
    assert seen == []


def look(page: Page, path: str) -> dict[str, Any]:
    page.goto(path)
    # Whatever waits for the focus, a pointer or an animation gets it.
    page.keyboard.press("Tab")
    page.mouse.move(300, 300)
    return page.evaluate(LOOK)


def _write(ticket: HelpDeskTicket, texts: list[str]) -> None:
    ticket.comments.all().delete()
    for text in texts:
        comment = TicketComment.objects.create(ticket=ticket, author=ticket.created_by, text=text)
        TicketEvent.objects.create(
            ticket=ticket,
            type="comment",
            actor=ticket.created_by,
            comment=comment,
            changes={"text": [None, text]},
        )
    HelpDeskTicket.objects.filter(pk=ticket.pk).update(description="\n".join(texts))
    ticket.created_by.first_name = texts[0][:150]
    ticket.created_by.save()


def _url(name: str, row: Any = None) -> str:
    return reverse(f"django_spire:help_desk:{name}", kwargs=row and {"pk": row.pk})


def test_no_text_runs_or_loads_anything(
    watched: Page, ticket: HelpDeskTicket, live_server: Any
) -> None:
    paths = [_url("page:detail", ticket), _url("form:update", ticket), _url("page:list")]
    paths.append(_url("page:delete", ticket))
    _write(ticket, [HARMLESS] * ON_ONE_PAGE)
    harmless = [look(watched, path) for path in paths]
    markup = {"p", "br", "ul", "ol", "li", "code", "pre", "a", "span"}
    for start in range(0, len(ALL_TEXTS), ON_ONE_PAGE):
        _write(ticket, ALL_TEXTS[start : start + ON_ONE_PAGE])
        for path, expected in zip(paths, harmless, strict=True):
            found = look(watched, path)
            assert set(found.pop("elements")) - markup <= set(expected["elements"])
            assert found == {name: value for name, value in expected.items() if name != "elements"}
    assert harmless[0]["hosts"] == [live_server.url.removeprefix("http://")]


def test_no_return_url_leads_away(
    page: Page,
    sign_in: Callable[[Any], None],
    client_of: Callable[[Any], Any],
    manager: Any,
    ticket: HelpDeskTicket,
) -> None:
    client = client_of(manager)
    locations = [
        client.post(_url("form:follow", ticket), {"return_url": url})["Location"]
        for url in ALL_URLS
    ]
    sign_in(manager)
    page.goto(_url("page:inbox"))
    origins = page.evaluate(
        "urls => urls.map((url) => new URL(url, location).origin === origin)", locations
    )
    assert all(origins), [
        ascii(url) for url, is_same in zip(ALL_URLS, origins, strict=True) if not is_same
    ]


@pytest.mark.parametrize("active", [ACTIVE[0], ACTIVE[2], ACTIVE[3]])
def test_canary_reports_a_script_that_runs(page: Page, active: str) -> None:
    page.set_content(active)
    page.wait_for_function("window.compromised === 1")
    assert page.evaluate(LOOK)["compromised"] == 1


def test_url_parser_of_the_tests_agrees_with_the_browser(page: Page) -> None:
    """`host_of`, which the fast tests use, never takes another site for this one."""
    in_browser = page.evaluate(
        """urls => urls.map((url) => {
            try { return new URL(url, "http://testserver/x/").origin === "http://testserver" }
            catch { return null }
        })""",
        ALL_URLS,
    )
    wrong = [
        ascii(url)
        for url, is_same in zip(ALL_URLS, in_browser, strict=True)
        if is_same is False and host_of(url) == "testserver"
    ]
    assert wrong == []
    assert True in in_browser
    assert False in in_browser
