"""Absolute URLs of pages, for messages that are read elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket

BASE_URL = re.compile(
    r"https?://(?:\w[\w.-]*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:/[\w.~/%-]*)?",
    re.IGNORECASE,
)
MAX_PORT = 65535


def is_base_url(url: str) -> bool:
    """Return whether paths can be appended to a URL: scheme, host, and optionally port and path.

    Args:
        url: The URL. A username, a password, a query or a fragment make it invalid.

    Returns:
        True for `https://intranet.example.com` and the like.
    """
    found = BASE_URL.fullmatch(url)
    return found is not None and 0 < int(found["port"] or 1) <= MAX_PORT


def has_site() -> bool:
    """Whether the host uses the sites framework and sets `SITE_ID`."""
    return apps.is_installed("django.contrib.sites") and bool(getattr(settings, "SITE_ID", None))


def site_url() -> str | None:
    """Return the setting `SITE_URL`, or the HTTPS URL of the current site, or None.

    None, too, if it is not a valid base URL: no link is better than a wrong one.
    """
    url = help_desk_settings.SITE_URL or _url_of_current_site()
    return url.rstrip("/") if url and is_base_url(url) else None


def _url_of_current_site() -> str | None:
    if not has_site():
        return None
    from django.contrib.sites.models import Site  # noqa: PLC0415 -- only if installed

    try:
        return f"https://{Site.objects.get_current().domain}"
    except Site.DoesNotExist:
        return None


def absolute_url(path: str) -> str | None:
    """Return the absolute URL of a path.

    Args:
        path: A path that begins with a slash, such as `ticket.get_absolute_url()`.

    Returns:
        The URL, or None if no site URL is configured.
    """
    base = site_url()
    return None if base is None else f"{base}{path}"


def page_url(name: str, **arguments: object) -> str | None:
    """Return the absolute URL of a page, such as `page:inbox`.

    None if the host did not include the URLs, or no site URL is configured: messages are sent
    all the same.
    """
    try:
        return absolute_url(reverse(f"django_spire:help_desk:{name}", kwargs=arguments))
    except NoReverseMatch:
        return None


def ticket_url(ticket: HelpDeskTicket) -> str | None:
    """Return the absolute URL of a ticket's page, or None as `page_url`."""
    try:
        return absolute_url(ticket.get_absolute_url())
    except NoReverseMatch:
        return None
