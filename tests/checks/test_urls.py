"""The checks of the site URL and the URL configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.checks import Error, Warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.checks import CheckMessage

    RunChecks = Callable[..., list[CheckMessage]]


@pytest.mark.parametrize(
    "url",
    [
        "intranet.example.com",
        "ftp://intranet.example.com",
        "https://",
        "https://intranet.example.com/?a=b",
        "https://[intranet",
    ],
)
def test_site_url_that_is_not_a_base_url_is_reported(run_checks: RunChecks, url: str) -> None:
    assert run_checks(HELP_DESK={"SITE_URL": url}) == [
        Error(
            f"HELP_DESK['SITE_URL'] is {url!r}, which is not a valid base URL.",
            hint="Use scheme and host. For example: 'https://intranet.example.com'.",
            id="help_desk.E107",
        )
    ]


def test_missing_site_url_is_reported(run_checks: RunChecks, settings: Any) -> None:
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.sites"
    ]
    assert run_checks(HELP_DESK={}) == [
        Warning(
            "No site URL is configured, so emails will not contain links.",
            hint="Set HELP_DESK['SITE_URL'], for example to 'https://intranet.example.com', "
            "or install django.contrib.sites and set SITE_ID.",
            id="help_desk.W104",
        )
    ]


def test_missing_urls_are_reported(run_checks: RunChecks) -> None:
    assert run_checks(ROOT_URLCONF="tests.empty_urls") == [
        Warning(
            "The help desk's URLs are not included in the URL configuration.",
            hint="Add path('', include_helper()) to your urlpatterns, with "
            "`from help_desk.include_helper import include_helper`.",
            id="help_desk.W105",
        )
    ]
