"""Every page of the example project, light and dark, wide and narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.axe import barriers

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.support.demonstration import Demonstration


def newest_ticket(page: Page) -> str:
    page.goto("/help_desk/page/list/")
    href = page.locator("tbody a").first.get_attribute("href")
    return href.removesuffix("detail/")


def open_home(page: Page) -> None:
    page.goto("/")


def open_people(page: Page) -> None:
    page.goto("/people/")


def open_list(page: Page) -> None:
    page.goto("/help_desk/page/list/")


def open_list_without_matches(page: Page) -> None:
    page.goto("/help_desk/page/list/?q=nothing+matches+this")


def open_inbox(page: Page) -> None:
    page.goto("/help_desk/page/inbox/")


def open_create(page: Page) -> None:
    page.goto("/help_desk/form/create/")


def send_empty_create(page: Page) -> None:
    page.goto("/help_desk/form/create/")
    page.get_by_role("button", name="File the ticket").click()
    page.get_by_role("heading", name="This could not be saved yet").wait_for()


def open_detail(page: Page) -> None:
    page.goto(newest_ticket(page) + "detail/")


def open_update(page: Page) -> None:
    page.goto(newest_ticket(page).replace("/page/", "/form/") + "update/")


def open_delete(page: Page) -> None:
    page.goto(newest_ticket(page) + "delete/")


def open_unknown(page: Page) -> None:
    page.goto("/nothing/")


def open_sign_in(page: Page) -> None:
    page.goto("/sign-in/")


def fail_to_sign_in(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill("rosa")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()


def open_sign_out(page: Page) -> None:
    page.goto("/sign-out/")


PAGES = [
    *(
        (person, open_it)
        for person in ("rosa", "mona")
        for open_it in (open_home, open_list, open_inbox, open_detail, open_update)
    ),
    *(
        ("mona", open_it)
        for open_it in (
            open_people,
            open_list_without_matches,
            open_create,
            send_empty_create,
            open_delete,
            open_unknown,
            open_sign_out,
        )
    ),
    ("", open_sign_in),
    ("", fail_to_sign_in),
]


@pytest.mark.parametrize(
    ("person", "open_it"),
    PAGES,
    ids=[f"{person or 'anonymous'}-{open_it.__name__}" for person, open_it in PAGES],
)
def test_page_is_accessible_and_fits(
    intranet: Demonstration,
    open_page: Callable[..., Page],
    person: str,
    open_it: Callable[[Page], None],
) -> None:
    page = open_page(intranet.url, refused=True)
    if person:
        page.goto("/sign-in/")
        page.get_by_label("Username").fill(person)
        page.get_by_label("Password").fill("demo")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Hello").wait_for()
    open_it(page)
    assert barriers(page) == []
