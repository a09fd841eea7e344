"""Django's setting `LOGIN_URL`, where anonymous users are redirected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.core.checks import Warning
from django.shortcuts import resolve_url
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
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
            hint="Set LOGIN_URL to the path or the URL name of your sign-in page. For a page that "
            "looks like the admin's, add to your urlpatterns: path('accounts/login/', "
            "LoginView.as_view(template_name='admin/login.html')), with `from "
            "django.contrib.auth.views import LoginView`.",
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
    if parts.scheme or parts.netloc:
        return ""  # another site
    problem = _problem_of_path(parts.path)
    return problem and f"is {url!r}, {problem}"


def _problem_of_path(path: str) -> str:
    prefix = get_script_prefix()
    if not path.startswith("/"):
        return "which is relative to each page"
    if not path.startswith(prefix):
        return ""  # another project on the same server
    paths = _paths_tried(f"/{path.removeprefix(prefix)}")
    view = next(filter(None, map(_view_at, paths)), None)
    if view is None:
        return "where your URL configuration has no view"
    template = _template_of(view)
    if template and not _exists(template):
        return f"whose template {template!r} does not exist"
    return ""


def _paths_tried(path: str) -> Iterator[str]:
    """Yield a path and those that Django's middleware redirects to from there."""
    paths = [path, f"{path}/"] if settings.APPEND_SLASH and not path.endswith("/") else [path]
    yield from paths
    if settings.USE_I18N:
        for tried in paths:
            yield f"/{settings.LANGUAGE_CODE.lower()}{tried}"


def _view_at(path: str) -> Any:
    """Return the view that responds at a path, or None."""
    # Patterns in `i18n_patterns` match in their language only.
    language = translation.get_language_from_path(path) or settings.LANGUAGE_CODE
    with translation.override(language):
        try:
            return resolve(path).func
        except Resolver404:
            return None


def _template_of(view: Any) -> str | None:
    """Return the template of Django's own sign-in view; None for other views."""
    view_class = getattr(view, "view_class", None)
    if view_class is not LoginView:
        return None
    name: str = view.view_initkwargs.get("template_name", view_class.template_name)
    return name


def _exists(template: str) -> bool:
    try:
        get_template(template)
    except TemplateDoesNotExist:
        return False
    return True
