"""Absolute URLs of pages, for messages that are read elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket


def has_site() -> bool:
    """Whether the host uses the sites framework and sets `SITE_ID`."""
    return apps.is_installed("django.contrib.sites") and bool(getattr(settings, "SITE_ID", None))


def site_url() -> str | None:
    """Return the setting `SITE_URL`, or the HTTPS URL of the current site, or None."""
    if help_desk_settings.SITE_URL:
        return help_desk_settings.SITE_URL.rstrip("/")
    if has_site():
        from django.contrib.sites.models import Site  # noqa: PLC0415 -- only if installed

        try:
            return f"https://{Site.objects.get_current().domain}"
        except Site.DoesNotExist:
            return None
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
