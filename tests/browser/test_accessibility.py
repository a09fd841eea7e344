"""Every page of the example project, light and dark, wide and narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.axe import accessibility_problems

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


def submit_empty_create(page: Page) -> None:
    page.goto("/help_desk/form/create/")
    page.get_by_role("button", name="Submit ticket").click()
    page.get_by_role("heading", name="There is a problem").wait_for()


def open_detail(page: Page) -> None:
    page.goto(newest_ticket(page) + "detail/")


def open_update(page: Page) -> None:
    page.goto(newest_ticket(page).replace("/page/", "/form/") + "update/")


def open_delete(page: Page) -> None:
    page.goto(newest_ticket(page) + "delete/")


def open_submitted(page: Page) -> None:
    page.goto("/help_desk/form/create/")
    page.get_by_label("App").check()
    page.get_by_label("Low").check()
    page.get_by_label("Description").fill("The lamp flickers.")
    page.get_by_role("button", name="Submit ticket").click()
    page.goto(newest_ticket(page) + "submitted/")
    page.get_by_role("heading", name="submitted").wait_for()


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
        (username, open_it)
        for username in ("rosa", "mona")
        for open_it in (open_home, open_list, open_inbox, open_detail, open_update)
    ),
    ("rosa", open_submitted),
    *(
        ("mona", open_it)
        for open_it in (
            open_people,
            open_list_without_matches,
            open_create,
            submit_empty_create,
            open_delete,
            open_unknown,
            open_sign_out,
        )
    ),
    ("", open_sign_in),
    ("", fail_to_sign_in),
]


@pytest.mark.parametrize(
    ("username", "open_it"),
    PAGES,
    ids=[f"{username or 'anonymous'}-{open_it.__name__}" for username, open_it in PAGES],
)
def test_page_is_accessible_and_fits(
    intranet: Demonstration,
    open_page: Callable[..., Page],
    username: str,
    open_it: Callable[[Page], None],
) -> None:
    page = open_page(intranet.url, expects_error=True)
    if username:
        page.goto("/sign-in/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill("demo")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Hello").wait_for()
    open_it(page)
    assert accessibility_problems(page) == []
