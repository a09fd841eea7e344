"""The site's URL, and the help desk's place in the URL configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.checks import Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from help_desk.conf import help_desk_settings
from help_desk.content.links import has_site

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


def check_site_url(**kwargs: Any) -> list[CheckMessage]:
    """Check that absolute links can be built."""
    url: object = help_desk_settings.SITE_URL
    if isinstance(url, str) and not _is_base_url(url):
        return [
            Error(
                f"HELP_DESK['SITE_URL'] is {url!r}, which is not a valid base URL.",
                hint="Use scheme and host. For example: 'https://intranet.example.com'.",
                id="help_desk.E107",
            )
        ]
    if url is None and not has_site():
        return [
            Warning(
                "No site URL is configured, so emails will not contain links.",
                hint="Set HELP_DESK['SITE_URL'], for example to 'https://intranet.example.com', "
                "or install django.contrib.sites and set SITE_ID.",
                id="help_desk.W104",
            )
        ]
    return []


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and not (parts.query or parts.fragment)
    )


def check_mounting(**kwargs: Any) -> list[CheckMessage]:
    """Check that the help desk's URLs can be reversed."""
    try:
        reverse("django_spire:help_desk:page:list")
    except (NoReverseMatch, ImproperlyConfigured, AttributeError):
        return [
            Warning(
                "The help desk's URLs are not included in the URL configuration.",
                hint="Add path('', include_helper()) to your urlpatterns, with "
                "`from help_desk.include_helper import include_helper`.",
                id="help_desk.W105",
            )
        ]
    return []
