"""Notification preferences, and unsubscribing by a link in an email."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from help_desk.content import unsubscribe
from help_desk.forms.preferences import PreferencesForm
from help_desk.services import preferences as preference_service
from help_desk.views.access import permission_required
from help_desk.views.page import paginate, render_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from help_desk.views.types import HelpDeskRequest

PREFERENCES = "django_spire:help_desk:page:preferences"


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(None)
def preferences_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Show and save the user's preferences, and list the tickets that they muted."""
    form = PreferencesForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, _("Preferences saved."), fail_silently=True)
        return HttpResponseRedirect(reverse(PREFERENCES))
    muted = request.help_desk_auth.visible_tickets().muted_by(request.user)
    context = {
        "form": form,
        "is_emailed_as_developer": preference_service.is_emailed_as_developer(request.user),
        "page": paginate(muted.newest_first(), request.GET.get("page")),
        "query": QueryDict(),
        "here": request.get_full_path(),
    }
    return render_page(request, "help_desk/preferences/form.html", context, section="preferences")


@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_view(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask for confirmation; unsubscribe the recipient of an email on POST.

    Mail programs post without having loaded the page (RFC 8058, section 3.2), so there can
    be no CSRF token; the link's signature replaces it. The page reveals nothing about the
    recipient or the ticket, not even whether they still exist.
    """
    template = "help_desk/preferences/unsubscribe.html"
    unsubscription = unsubscribe.read(token)
    if unsubscription is None:
        response = render_page(request, template, {"scope": "", "is_done": False}, status=404)
    else:
        is_done = request.method == "POST"
        if is_done:
            preference_service.unsubscribe(unsubscription)
        context = {"scope": unsubscription.scope.value, "is_done": is_done}
        response = render_page(request, template, context)
    # The URL authorizes the request, so links on the page must not disclose it.
    response["Referrer-Policy"] = "no-referrer"
    return response
