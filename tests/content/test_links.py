"""Absolute addresses for people who are not on a page."""

from __future__ import annotations

from typing import Any

import pytest

from help_desk.content.links import absolute_url, ticket_path

PATH = "/help_desk/page/7/detail/"


def without_sites(settings: Any) -> None:
    apps = settings.INSTALLED_APPS
    settings.INSTALLED_APPS = [app for app in apps if app != "django.contrib.sites"]


def test_path_is_that_of_the_detail_page() -> None:
    assert ticket_path(7) == PATH


@pytest.mark.parametrize("url", ["http://desk.test:8080", "http://desk.test:8080/"])
def test_scheme_and_host_come_from_the_setting(settings: Any, url: str) -> None:
    settings.HELP_DESK = {"SITE_URL": url}
    assert absolute_url(PATH) == f"http://desk.test:8080{PATH}"


@pytest.mark.django_db
def test_host_comes_from_the_sites_framework_where_the_setting_is_silent(
    settings: Any,
) -> None:
    settings.HELP_DESK = {}
    assert absolute_url(PATH) == f"https://example.com{PATH}"


def test_there_is_no_address_where_nothing_says_it(settings: Any) -> None:
    settings.HELP_DESK = {}
    without_sites(settings)
    assert absolute_url(PATH) is None


@pytest.mark.django_db
@pytest.mark.parametrize("site_id", [None, 999], ids=["unset", "unknown"])
def test_there_is_no_address_where_the_current_site_is_unknown(
    settings: Any, site_id: int | None
) -> None:
    settings.HELP_DESK = {}
    settings.SITE_ID = site_id
    if site_id is None:
        del settings.SITE_ID
    assert absolute_url(PATH) is None
