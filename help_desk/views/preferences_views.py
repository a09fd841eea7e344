"""What a person wants to be told of; by the page, or by a mail's link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from help_desk.auth.controller import BaseHelpDeskAuthController
from help_desk.content import unsubscribe
from help_desk.forms.preferences import PreferencesForm
from help_desk.services import preferences as preference_service
from help_desk.views.access import permission_required
from help_desk.views.page import paginate, render_page

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.access import HelpDeskRequest

PREFERENCES = "django_spire:help_desk:page:preferences"


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(None)
def preferences_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Show and keep what the person wants to be told of.

    Args:
        request: A POST holds the form.

    Returns:
        The page; after saving, a redirect to it.
    """
    form = PreferencesForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("Your wishes are kept."), fail_silently=True)
        return redirect(PREFERENCES)
    muted = request.help_desk_auth.visible_tickets().muted_by(request.user)
    context = {
        "form": form,
        "page": paginate(muted.newest_first(), request.GET.get("page")),
        "query": QueryDict(),
        "here": request.get_full_path(),
    }
    return render_page(request, "help_desk/preferences/form.html", context, section="preferences")


@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_view(request: HelpDeskRequest, token: str) -> HttpResponseBase:
    """Stop mails from a mail: GET asks, POST acts.

    Mail programs post without having seen the page (RFC 8058, section 3.2), so there can
    be no CSRF token; the link's own signature takes its place.

    Args:
        request: From whoever has the link, signed in or not.
        token: The link's.

    Returns:
        A page, which says nothing about the person or the ticket.
    """
    request.help_desk_auth = BaseHelpDeskAuthController(request)
    wish = unsubscribe.read(token)
    if wish is None:
        return _unsubscribe_page(request, "unsubscribe_expired", {}, status=404)
    if request.method == "POST":
        # Whether there is still such an account or ticket is nobody's business.
        preference_service.unsubscribe(wish)
    context = {"scope": wish.scope.value, "is_done": request.method == "POST"}
    return _unsubscribe_page(request, "unsubscribe", context)


def _unsubscribe_page(
    request: HelpDeskRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponseBase:
    template = f"help_desk/preferences/{name}.html"
    response = render_page(request, template, context, status=status)
    # The address is the key; no link on the page hands it on.
    response["Referrer-Policy"] = "no-referrer"
    return response
