"""Absolute URLs in messages."""

from __future__ import annotations

from typing import Any

import pytest

from help_desk.content.links import absolute_url, is_base_url, page_url, ticket_url
from help_desk.models import HelpDeskTicket

PATH = "/help_desk/page/7/detail/"


def uninstall_sites(settings: Any) -> None:
    apps = settings.INSTALLED_APPS
    settings.INSTALLED_APPS = [app for app in apps if app != "django.contrib.sites"]


def test_ticket_url_is_that_of_the_detail_page(settings: Any) -> None:
    settings.HELP_DESK = {"SITE_URL": "https://desk.test"}
    assert ticket_url(HelpDeskTicket(pk=7)) == f"https://desk.test{PATH}"
    assert page_url("page:detail", pk=7) == f"https://desk.test{PATH}"


def test_no_url_if_the_help_desk_is_not_included(settings: Any) -> None:
    settings.HELP_DESK = {"SITE_URL": "https://desk.test"}
    settings.ROOT_URLCONF = "tests.empty_urls"
    assert ticket_url(HelpDeskTicket(pk=7)) is None
    assert page_url("page:list") is None


@pytest.mark.parametrize("url", ["http://desk.test:8080", "http://desk.test:8080/"])
def test_scheme_and_host_come_from_the_setting(settings: Any, url: str) -> None:
    settings.HELP_DESK = {"SITE_URL": url}
    assert absolute_url(PATH) == f"http://desk.test:8080{PATH}"


@pytest.mark.django_db
def test_host_comes_from_the_sites_framework_without_the_setting(settings: Any) -> None:
    settings.HELP_DESK = {}
    assert absolute_url(PATH) == f"https://example.com{PATH}"


def test_no_url_without_setting_and_sites_framework(settings: Any) -> None:
    settings.HELP_DESK = {}
    uninstall_sites(settings)
    assert absolute_url(PATH) is None


@pytest.mark.django_db
@pytest.mark.parametrize("site_id", [None, 999], ids=["unset", "unknown"])
def test_no_url_if_the_current_site_is_unknown(settings: Any, site_id: int | None) -> None:
    settings.HELP_DESK = {}
    settings.SITE_ID = site_id
    if site_id is None:
        del settings.SITE_ID
    assert absolute_url(PATH) is None


INVALID = [
    "intranet.example.com",
    "ftp://intranet.example.com",
    "https://",
    "https://intranet.example.com/?a=b",
    "https://intranet.example.com?",
    "https://intranet.example.com/#top",
    "https://user:secret@intranet.example.com",
    "https://user@intranet.example.com",
    "https://[intranet",
    "https://intranet.example.com:99999",
    "https://intranet.example.com:0",
    "https://intranet.example.com:port",
    "https://intranet.example.com:",
    "https://intra net.example.com",
    " https://intranet.example.com",
    "https://intranet.example.com\n",
    "https://intranet.example.com/\tpath",
]


@pytest.mark.parametrize("url", INVALID, ids=ascii)
def test_no_url_if_the_setting_is_not_a_base_url(settings: Any, url: str) -> None:
    settings.HELP_DESK = {"SITE_URL": url}
    assert absolute_url(PATH) is None
    assert not is_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "https://intranet.example.com/",
        "https://intranet.example.com/portal",
        "HTTPS://Intranet.Example.Com",
        "http://192.0.2.7",
        "http://[2001:db8::7]:8080",
        "https://hilfe.m\u00fcnchen.example",
        "http://intranet_2",
    ],
    ids=ascii,
)
def test_base_urls(settings: Any, url: str) -> None:
    settings.HELP_DESK = {"SITE_URL": url}
    assert absolute_url(PATH) == f"{url.rstrip('/')}{PATH}"


@pytest.mark.django_db
@pytest.mark.parametrize("domain", ["https://intranet.example.com", "intra net", "user@host"])
def test_no_url_if_the_domain_of_the_current_site_is_invalid(settings: Any, domain: str) -> None:
    from django.contrib.sites.models import Site  # noqa: PLC0415 -- only if installed

    Site.objects.update(domain=domain)
    Site.objects.clear_cache()
    settings.HELP_DESK = {}
    assert absolute_url(PATH) is None
    Site.objects.clear_cache()
