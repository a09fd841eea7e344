"""Helpers that all views share: rendering, pagination, redirects and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.messages import get_messages
from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from help_desk.auth import policy
from help_desk.auth.controller import BaseHelpDeskAuthController
from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.paginator import Page
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from help_desk.models import HelpDeskTicket
    from help_desk.views.types import HelpDeskRequest

PAGE_SIZE = 25
MAX_URL_LENGTH = 2048
"""Characters of a quoted URL that every supported Django redirects to."""
MAX_VERSION_DIGITS = 18
"""A larger number does not fit into the primary key of any supported database."""


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    section: str = "",
    status: int = 200,
    unread_count: int | None = None,
) -> TemplateResponse:
    """Return a page within the host's base template.

    The context must be complete, without querysets that are not evaluated: the template is
    rendered after the view, outside of its transaction and its error handling. `section` is
    the navigation entry of the page. `unread_count` saves its queries where it is known.
    """
    if unread_count is None:
        unread_count = policy.unread_count(request.user) if request.user.is_authenticated else 0
    common = {
        "base_template": help_desk_settings.BASE_TEMPLATE,
        "help_desk_auth": BaseHelpDeskAuthController(request),
        "messages": get_messages(request),
        "section": section,
        "unread_count": unread_count,
    }
    return TemplateResponse(request, template, {**common, **context}, status=status)


def paginate(rows: QuerySet[Any], requested: str | None) -> Page[Any]:
    """Return the page of a list that is nearest to the requested one, with its rows loaded."""
    paginator = Paginator(rows, PAGE_SIZE)
    try:
        number = int(requested or 1)
    except ValueError:
        number = 1
    # `get_page()` would return the last page for numbers below one.
    page = paginator.page(min(max(number, 1), paginator.num_pages))
    page.object_list = list(page.object_list)
    return page


def default_redirect_url(auth: BaseHelpDeskAuthController) -> str:
    """Return the first page that the user may open: the list, the create form or the inbox."""
    if auth.can_view_list():
        return reverse("django_spire:help_desk:page:list")
    if auth.can_add():
        return reverse("django_spire:help_desk:form:create")
    return reverse("django_spire:help_desk:page:inbox")


def return_url(request: HttpRequest) -> str:
    """Return the `return_url` of a request; empty unless it is a path within the site."""
    url = request.POST.get("return_url") or request.GET.get("return_url") or ""
    is_path = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    # Quoting makes a URL longer, and Django refuses to redirect to one that is too long.
    return url if is_path and len(iri_to_uri(url)) <= MAX_URL_LENGTH else ""


def previous_page_url(request: HelpDeskRequest, ticket: HelpDeskTicket) -> str:
    """Return the `return_url` of a request, or the URL of the ticket's page if there is none."""
    if url := return_url(request):
        return url
    auth = request.help_desk_auth
    return ticket.get_absolute_url() if auth.can_view_ticket(ticket) else default_redirect_url(auth)


def base_version(request: HttpRequest, name: str = "version") -> int | None:
    """Return the version of the ticket that a form is based on; None if missing or not a number."""
    text = request.POST.get(name) or request.GET.get(name) or ""
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_VERSION_DIGITS
    return int(text) if is_number else None
