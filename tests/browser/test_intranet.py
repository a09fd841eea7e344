"""A ticket from creation to deletion in the example project, as three users see it."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from playwright.sync_api import Locator, Page

    from tests.support.demonstration import Demonstration

MAX_KEY_STROKES = 120
"""Key strokes after which an element counts as not reachable."""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until an element has the focus."""
    for _stroke in range(MAX_KEY_STROKES):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{target} cannot be reached by the keyboard.")


def follow(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def sign_in(page: Page, username: str, path: str = "/") -> None:
    """Sign in by the keyboard; the first field has the focus."""
    page.goto(path)
    page.wait_for_url("**/sign-in/**")
    tab_to(page, page.get_by_label("Username"))
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type("demo")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: urlsplit(url).path == path)


def choose(page: Page, label: str) -> None:
    """Select one of a group of radio buttons by the keyboard."""
    button = page.get_by_role("radio", name=label, exact=True)
    group = page.get_by_role("radio").and_(page.locator(f"[name={button.get_attribute('name')}]"))
    for _stroke in range(MAX_KEY_STROKES):
        if group.evaluate_all("all => all.includes(document.activeElement)"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _stroke in range(group.count()):
        if button.is_checked():
            return
        page.keyboard.press("ArrowRight")
    assert button.is_checked()


def wait_for_mail(intranet: Demonstration, text: str) -> EmailMessage:
    for _attempt in range(100):
        for mail in intranet.mails():
            if text in mail.get_body(("plain",)).get_content().replace("\n", " "):
                return mail
        time.sleep(0.1)
    pytest.fail(f"No email contains {text!r}.")


def create_ticket(page: Page, text: str) -> None:
    """Go from the home page to the page of a new ticket by the keyboard."""
    follow(page, page.get_by_role("link", name="Help desk"))
    page.wait_for_url("**/list/")
    follow(page, page.get_by_role("link", name="New ticket"))
    page.wait_for_url("**/create/")
    choose(page, "Company")
    choose(page, "High")
    tab_to(page, page.get_by_label("Description"))
    page.keyboard.type(text)
    follow(page, page.get_by_role("button", name="Submit ticket"))
    page.wait_for_url("**/list/")
    follow(page, page.get_by_role("status").get_by_role("link"))
    page.wait_for_url("**/detail/")


def set_status(page: Page, link: str, status: str) -> None:
    page.goto(link)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label(status).check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/list/")


def delete_ticket(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete ticket").click()
    page.wait_for_url("**/list/")


@pytest.mark.parametrize("scripts", [True, False], ids=["with_scripts", "without_scripts"])
def test_ticket_is_created_notified_of_completed_and_deleted(
    intranet: Demonstration,
    open_page: Callable[..., Page],
    scripts: bool,
) -> None:
    def window(**options: Any) -> Page:
        return open_page(intranet.url, java_script_enabled=scripts, **options)

    text = f"The badge reader <b>beeps</b> & stays red ({uuid.uuid4().hex})."

    # The reporter creates and reads it.
    rosa = window()
    sign_in(rosa, "rosa")
    create_ticket(rosa, text)
    rosa.get_by_text(text).first.wait_for()
    rosa.get_by_text("Rosa Iversen").first.wait_for()
    assert rosa.get_by_role("link", name="Edit").count() == 0
    follow(rosa, rosa.get_by_role("button", name="Sign out"))
    rosa.get_by_role("heading", name="You are signed out").wait_for()

    # The developer's email links to it.
    mail = wait_for_mail(intranet, text)
    assert mail["To"] == "dora@example.com"
    (link,) = re.findall(r"https?://\S+/detail/", mail.get_body(("plain",)).get_content())
    assert link in mail.get_body(("html",)).get_content()
    assert link.startswith(f"{intranet.url}/")
    dora = window()
    sign_in(dora, "dora", urlsplit(link).path)
    dora.get_by_text(text).first.wait_for()

    # The manager opens it from the inbox, completes it and deletes it.
    mona = window(expects_error=True)
    sign_in(mona, "mona")
    inbox = mona.get_by_role("navigation", name="Intranet").get_by_role("link", name="Inbox")
    unread = int(re.search(r"\d+", inbox.inner_text())[0])
    inbox.click()
    number = re.search(r"/(\d+)/", link)[1]
    mona.get_by_role("main").get_by_role("link", name=f"Ticket #{number}:").click()
    mona.wait_for_url(link)
    mona.get_by_text(text).first.wait_for()
    mona.goto("/")
    assert int(re.search(r"\d+", inbox.inner_text())[0]) == unread - 1
    row = mona.get_by_role("row").filter(has_text=f"#{number}")
    for status in ("In Progress", "Done"):
        set_status(mona, link, status)
        row.get_by_text(status).wait_for()
    delete_ticket(mona, link)
    assert row.count() == 0
    assert mona.goto(link).status == 404
