"""Addresses of pages, for people who are not on a page."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from help_desk.conf import help_desk_settings


def ticket_path(ticket_id: int) -> str:
    """Build the path of a ticket's page.

    Args:
        ticket_id: The ticket's number.

    Returns:
        A path that begins with a slash.

    Raises:
        NoReverseMatch: The host has not mounted the help desk's URLs.
    """
    return reverse("django_spire:help_desk:page:detail", kwargs={"pk": ticket_id})


def has_site() -> bool:
    """Say whether the host uses the sites framework and says which site it is."""
    return apps.is_installed("django.contrib.sites") and bool(getattr(settings, "SITE_ID", None))


def site_url() -> str | None:
    """Find out under which scheme and host people reach the site.

    Returns:
        The setting `SITE_URL`; else the current site of the sites framework, by https;
        else None. Never with a slash at its end.
    """
    if help_desk_settings.SITE_URL:
        return help_desk_settings.SITE_URL.rstrip("/")
    if has_site():
        from django.contrib.sites.models import Site  # noqa: PLC0415 -- only where installed

        try:
            return f"https://{Site.objects.get_current().domain}"
        except Site.DoesNotExist:
            return None
    return None


def absolute_url(path: str) -> str | None:
    """Make a path into an address that a mail program can open.

    Args:
        path: A path that begins with a slash.

    Returns:
        The address, or None where there is no way to know the site's own.
    """
    base = site_url()
    return None if base is None else f"{base}{path}"


def page_url(name: str, **arguments: object) -> str | None:
    """Build the address of one of the help desk's pages.

    Args:
        name: The page's name, without its namespaces, such as `page:detail`.
        **arguments: What the page's path holds.

    Returns:
        The address, or None where the host has not mounted the pages or its own address
        is not known: people are told all the same.
    """
    try:
        return absolute_url(reverse(f"django_spire:help_desk:{name}", kwargs=arguments))
    except NoReverseMatch:
        return None


def ticket_url(ticket_id: int) -> str | None:
    """Build the address of a ticket's page.

    Args:
        ticket_id: The ticket's number.

    Returns:
        As `page_url`.
    """
    return page_url("page:detail", pk=ticket_id)
