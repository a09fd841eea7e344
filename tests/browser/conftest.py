"""Tests in a real browser: the system's Chromium, driven by playwright.

playwright's own pytest plugin does not work with warnings as errors, and its own browser is a
download; `HELP_DESK_TEST_CHROMIUM` names another executable.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connections

from tests.support.demonstration import Demonstration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page
    from pytest_django.live_server_helper import LiveServer

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = (
    "--headless",
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Without these, Chromium looks for updates and accounts.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "Chromium was not found. Install it, or set HELP_DESK_TEST_CHROMIUM to its path."
TIMEOUT = 20_000
"""Milliseconds to wait for a page."""


def find_chromium() -> str | None:
    named = os.environ.get("HELP_DESK_TEST_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def pytest_report_header() -> str:
    return f"browser: {find_chromium() or MISSING}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that it is not run by default."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        # Developers may do without a browser; CI may not.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- not in every environment

    # playwright's synchronous interface runs an event loop in the thread of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a new context, without cookies: `open_page(url, **options)`.

    The options are those of playwright's `new_context`. The test fails if the browser logs an
    error or a warning, for example of the content security policy or of a missing file. With
    `expects_error=True`, responses with a status of 40x are expected.
    """
    contexts = []
    problems: list[str] = []

    def open_window(url: str, *, expects_error: bool = False, **options: Any) -> Page:
        context = chromium.new_context(base_url=url, locale="en-GB", **options)
        contexts.append(context)
        context.set_default_timeout(TIMEOUT)
        page = context.new_page()

        def check(message: ConsoleMessage) -> None:
            is_status_40x = "the server responded with a status of 40" in message.text
            is_expected = expects_error and is_status_40x
            # Chromium requests an icon of every site; it is up to the host to have one.
            is_icon = message.location["url"].endswith("/favicon.ico")
            if message.type in {"error", "warning"} and not is_expected and not is_icon:
                problems.append(f"{message.text} ({message.location['url']})")

        page.on("console", check)
        page.on("pageerror", lambda error: problems.append(str(error)))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def intranet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The running example project, with two hundred tickets."""
    demonstration = Demonstration(tmp_path_factory.mktemp("intranet"))
    demonstration.start()
    yield demonstration
    demonstration.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put SQLite's test databases into files.

    Then each thread of the live server has its own connection and closes it. A database in
    memory is shared with threads that live too long, because browsers keep connections open.
    """
    folder = tmp_path_factory.mktemp("databases")
    for connection in connections.all():
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(folder / f"{connection.alias}.sqlite3")


@pytest.fixture
def page(open_page: Callable[..., Page], live_server: LiveServer) -> Page:
    """An empty page on a site without its own base template."""
    return open_page(live_server.url)


@pytest.fixture
def sign_in(page: Page, client_of: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Sign a user in on `page`, instead of the one who was signed in before."""

    def give_cookie(user: Any) -> None:
        cookie = client_of(user).cookies[settings.SESSION_COOKIE_NAME]
        page.context.clear_cookies()
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "domain": "localhost", "path": "/"}]
        )

    return give_cookie
