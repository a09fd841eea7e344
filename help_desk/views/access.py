"""Who may open a page: asked once, before the view."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from help_desk.auth import policy
from help_desk.auth.controller import BaseHelpDeskAuthController
from help_desk.views.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponseBase
    from django.utils.functional import _StrPromise

    class HelpDeskRequest(HttpRequest):
        """A request that passed `requires`."""

        help_desk_auth: BaseHelpDeskAuthController
        user: User

    View = Callable[..., HttpResponseBase]

Action = Literal["add", "change", "delete", "view"]


class _Rule(NamedTuple):
    allows: Callable[[BaseHelpDeskAuthController], bool]
    missing: _StrPromise


_RULES: dict[str, _Rule] = {
    "add": _Rule(
        BaseHelpDeskAuthController.can_add,
        _("Your account does not have the permission to file tickets."),
    ),
    "change": _Rule(
        BaseHelpDeskAuthController.can_change,
        _("Your account does not have the permission to change tickets."),
    ),
    "delete": _Rule(
        BaseHelpDeskAuthController.can_delete,
        _("Your account does not have the permission to delete tickets."),
    ),
    "view": _Rule(
        BaseHelpDeskAuthController.can_view_list,
        _("Your account does not have the permission to see these tickets."),
    ),
}


_SIGNED_OUT = _(
    "You had been signed out, so nothing was saved. What you typed may still be in your "
    "browser: go back to it."
)


def permission_required(
    action: Action | None, *, after_login: str | None = None
) -> Callable[[View], View]:
    """Let in who is signed in and holds a permission.

    The request gets `help_desk_auth`, the controller that views and templates share.
    Anonymous people are sent to sign in and come back afterwards; others are told what
    their account lacks.

    Args:
        action: `add`, `change`, `delete`, `view`; None for whoever is signed in.
        after_login: Name of the page to come back to, where it is not the one that was
            asked for.

    Returns:
        A decorator for views.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if request.method == "POST":
                    # Shown on the page that they come back to.
                    messages.warning(request, str(_SIGNED_OUT), fail_silently=True)
                path = reverse(after_login) if after_login else request.get_full_path()
                return redirect_to_login(path)
            admitted = cast("HelpDeskRequest", request)
            admitted.help_desk_auth = BaseHelpDeskAuthController(request)
            if action is not None and not _RULES[action].allows(admitted.help_desk_auth):
                return forbidden(admitted, action)
            return view(admitted, *args, **kwargs)

        return guarded

    return decorate


def forbidden(request: HelpDeskRequest, action: Action) -> HttpResponseBase:
    """Say what an account lacks.

    Args:
        request: The request that is refused.
        action: What the account may not do.

    Returns:
        A page with status 403.
    """
    context = {"missing": _RULES[action].missing, "permission": policy.permission(action)}
    return render_page(request, "help_desk/403.html", context, status=403)
