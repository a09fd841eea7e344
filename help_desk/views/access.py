"""Permission checks of the pages."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from help_desk.auth.controller import BaseHelpDeskAuthController
from help_desk.views.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase
    from django.utils.functional import _StrPromise

    from help_desk.views.types import HelpDeskRequest, View

Action = Literal["add", "change", "delete", "view"]


class _Rule(NamedTuple):
    is_allowed: Callable[[BaseHelpDeskAuthController], bool]
    message: _StrPromise


_RULES: dict[Action, _Rule] = {
    "add": _Rule(
        BaseHelpDeskAuthController.can_add, _("You do not have permission to create tickets.")
    ),
    "change": _Rule(
        BaseHelpDeskAuthController.can_change, _("You do not have permission to change tickets.")
    ),
    "delete": _Rule(
        BaseHelpDeskAuthController.can_delete, _("You do not have permission to delete tickets.")
    ),
    "view": _Rule(
        BaseHelpDeskAuthController.can_view_list,
        _("You do not have permission to view these tickets."),
    ),
}

_SIGNED_OUT = _(
    "You were signed out and your changes were not saved. Use your browser's Back button to "
    "recover what you typed."
)


def permission_required(
    action: Action | None, *, after_login: str | None = None
) -> Callable[[View], View]:
    """Require a signed-in user with a permission, and set `request.help_desk_auth`.

    Anonymous users are redirected to the login page; others get a page with status 403. No
    response is stored by shared caches, and browsers ask again before they reuse one.

    Args:
        action: The permission; None if being signed in is enough.
        after_login: Name of the page to return to, if it is not the requested one.
    """

    def decorate(view: View) -> View:
        def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _redirect_to_login(request, after_login)
            checked = cast("HelpDeskRequest", request)
            checked.help_desk_auth = BaseHelpDeskAuthController(request)
            if action is not None and not _RULES[action].is_allowed(checked.help_desk_auth):
                return forbidden(checked, action)
            return view(checked, *args, **kwargs)

        # LoginRequiredMiddleware would redirect without a message.
        @login_not_required
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = respond(request, *args, **kwargs)
            # Not `no-store`: browsers would forget typed text that the Back button restores.
            patch_cache_control(response, private=True, no_cache=True)
            return response

        return wrapper

    return decorate


def _redirect_to_login(request: HttpRequest, after_login: str | None) -> HttpResponseBase:
    if request.method == "POST":
        # Stored until the first page that shows messages: the login page, or one after it.
        messages.warning(request, str(_SIGNED_OUT), fail_silently=True)
    return redirect_to_login(reverse(after_login) if after_login else request.get_full_path())


def forbidden(request: HttpRequest, action: Action) -> HttpResponseBase:
    """Return a page with status 403 that links to the pages that the user may open."""
    context = {"message": _RULES[action].message}
    return render_page(request, "help_desk/403.html", context, status=403)
