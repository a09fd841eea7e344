"""Django's setting `LOGIN_URL`, where anonymous users are redirected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Warning
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils import translation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage


def check_login_url(**kwargs: Any) -> list[CheckMessage]:
    """Check that `LOGIN_URL` leads to a view, if it is a page of this project."""
    try:
        reverse("django_spire:help_desk:page:list")
        problem = _problem()
    except Exception:  # noqa: BLE001 -- importing the URL configuration can raise anything
        return []  # Without usable URLs, no one is redirected; other checks report it.
    if not problem:
        return []
    return [
        Warning(
            f"LOGIN_URL {problem}, so users cannot sign in to open the help desk.",
            hint="Set LOGIN_URL to the path or the URL name of your sign-in page, or add one. "
            "For example: path('accounts/login/', "
            "LoginView.as_view(template_name='admin/login.html')), with "
            "`from django.contrib.auth.views import LoginView`. Silence this warning if another "
            "server responds at this address.",
            id="help_desk.W110",
        )
    ]


def _problem() -> str:
    """Return what is wrong with the setting; empty if nothing is known to be."""
    if not settings.LOGIN_URL:
        return "is empty"
    try:
        url = resolve_url(settings.LOGIN_URL)
    except NoReverseMatch:
        return f"is {str(settings.LOGIN_URL)!r}, which is not the name of a URL pattern"
    parts = urlsplit(url)
    prefix = get_script_prefix()
    if parts.scheme or parts.netloc:
        return ""
    if not parts.path.startswith("/"):
        return f"is {url!r}, which is relative to each page"
    if not parts.path.startswith(prefix):
        return ""  # outside of this project
    path = f"/{parts.path.removeprefix(prefix)}"
    if any(map(_has_view, _paths_tried(path))):
        return ""
    return f"is {url!r}, where your URL configuration has no view"


def _paths_tried(path: str) -> Iterator[str]:
    """Yield a path and those that Django's middleware redirects to from there."""
    paths = [path, f"{path}/"] if settings.APPEND_SLASH and not path.endswith("/") else [path]
    yield from paths
    if settings.USE_I18N:
        for tried in paths:
            yield f"/{settings.LANGUAGE_CODE.lower()}{tried}"


def _has_view(path: str) -> bool:
    # Patterns in `i18n_patterns` match in their language only.
    language = translation.get_language_from_path(path) or settings.LANGUAGE_CODE
    with translation.override(language):
        try:
            resolve(path)
        except Resolver404:
            return False
    return True
