"""The checks of the site URL and the URL configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sites.models import Site
from django.core import checks
from django.core.checks import Error, Warning
from django.core.management import call_command
from django.db import router

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
        "https://intranet.example.com:99999",
        "https://intra net.example.com",
        "",
    ],
)
def test_site_url_that_is_not_a_base_url_is_reported(run_checks: RunChecks, url: str) -> None:
    assert run_checks(HELP_DESK={"SITE_URL": url}) == [
        Error(
            f"HELP_DESK['SITE_URL'] is {url!r}, which is not a valid base URL.",
            hint="Use scheme and host, without username, query and fragment. "
            "For example: 'https://intranet.example.com'.",
            id="help_desk.E107",
        )
    ]


def test_password_in_site_url_is_reported_but_not_shown(run_checks: RunChecks) -> None:
    url = "https://ada:hunter2@intranet.example.com"
    (message,) = run_checks(HELP_DESK={"SITE_URL": url})
    assert message.id == "help_desk.E107"
    assert message.msg == (
        "HELP_DESK['SITE_URL'] is 'https://***@intranet.example.com', which is not a valid base "
        "URL."
    )


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


SITE_HINT = (
    "Set HELP_DESK['SITE_URL'], for example to 'https://intranet.example.com', "
    "or change the domain of the site in the admin."
)


class TestCurrentSite:
    @pytest.fixture
    def alias(self, db: None, settings: Any) -> str:
        settings.HELP_DESK = {}
        return router.db_for_read(Site)

    @staticmethod
    def warnings(*databases: str) -> list[CheckMessage]:
        return [
            message
            for message in checks.run_checks(databases=databases or None)
            if message.id == "help_desk.W109"
        ]

    def test_domain_of_a_new_site_is_reported_if_the_database_is_checked(self, alias: str) -> None:
        assert self.warnings(alias) == [
            Warning(
                "The current site's domain is still 'example.com', so links in emails begin with "
                "'https://example.com'.",
                hint=SITE_HINT,
                id="help_desk.W109",
            )
        ]
        assert self.warnings() == []

    def test_it_is_shown_by_the_commands_that_check_the_database(
        self, alias: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("check", databases=[alias])
        assert "help_desk.W109" in capsys.readouterr().err
        call_command("migrate", database=alias, verbosity=0, skip_checks=False)
        assert "help_desk.W109" in capsys.readouterr().err

    @pytest.mark.parametrize("domain", ["https://intranet.example.com", "intra net"])
    def test_domain_that_is_not_a_host_name_is_reported(self, alias: str, domain: str) -> None:
        Site.objects.update(domain=domain)
        (message,) = self.warnings(alias)
        assert message.msg == (
            f"The current site's domain is {domain!r}, which is not a host name, so emails will "
            "not contain links."
        )

    def test_unknown_site_is_reported(self, alias: str, settings: Any) -> None:
        settings.SITE_ID = 999
        (message,) = self.warnings(alias)
        assert message.msg == (
            "SITE_ID is 999, but there is no such site, so emails will not contain links."
        )

    def test_other_domains_are_not_reported(self, alias: str) -> None:
        Site.objects.update(domain="intranet.example.com:8443")
        assert self.warnings(alias) == []

    def test_the_site_is_not_reported_if_the_setting_replaces_it(
        self, alias: str, settings: Any
    ) -> None:
        settings.HELP_DESK = {"SITE_URL": "https://intranet.example.com"}
        assert self.warnings(alias) == []
