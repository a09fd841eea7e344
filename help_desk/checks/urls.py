"""The site's URL, and the help desk's place in the URL configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, router, transaction
from django.urls import NoReverseMatch, reverse

from help_desk.conf import help_desk_settings
from help_desk.content.links import has_site, is_base_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.checks import CheckMessage

DOMAIN_OF_NEW_SITES = "example.com"
"""What `migrate` writes into the table of the sites framework."""


def check_site_url(**kwargs: Any) -> list[CheckMessage]:
    """Check that absolute links can be built."""
    url = help_desk_settings.SITE_URL
    if url is not None and not is_base_url(url):
        shown = re.sub(r"//.*@", "//***@", url, flags=re.DOTALL)  # no password in logs
        return [
            Error(
                f"HELP_DESK['SITE_URL'] is {shown!r}, which is not a valid base URL.",
                hint="Use scheme and host, without username, query and fragment. "
                "For example: 'https://intranet.example.com'.",
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


def check_current_site(
    *, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check the domain of the current site if links use it and its database may be queried."""
    if help_desk_settings.SITE_URL is not None or not has_site():
        return []
    from django.contrib.sites.models import Site  # noqa: PLC0415 -- only if installed

    using = router.db_for_read(Site)
    if using not in (databases or ()):
        return []
    try:
        with transaction.atomic(using=using):
            site = Site.objects.using(using).filter(pk=settings.SITE_ID).first()
    except (DatabaseError, ImproperlyConfigured):
        return []  # Not migrated yet, or not reachable, which other checks report.
    if site is None:
        problem = f"SITE_ID is {settings.SITE_ID!r}, but there is no such site"
        effect = "emails will not contain links"
    elif not is_base_url(f"https://{site.domain}"):
        problem = f"The current site's domain is {site.domain!r}, which is not a host name"
        effect = "emails will not contain links"
    elif site.domain == DOMAIN_OF_NEW_SITES:
        problem = f"The current site's domain is still {site.domain!r}"
        effect = f"links in emails begin with 'https://{site.domain}'"
    else:
        return []
    return [
        Warning(
            f"{problem}, so {effect}.",
            hint="Set HELP_DESK['SITE_URL'], for example to 'https://intranet.example.com', "
            "or change the domain of the site in the admin.",
            id="help_desk.W109",
        )
    ]


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
