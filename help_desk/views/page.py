"""What every page has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.messages import get_messages
from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from help_desk.auth import policy
from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.core.paginator import Page
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from help_desk.auth.controller import BaseHelpDeskAuthController
    from help_desk.models import HelpDeskTicket
    from help_desk.views.access import HelpDeskRequest

PAGE_SIZE = 25
MAX_URL_LENGTH = 2048
"""Characters of a quoted path to redirect to; every supported Django allows as many."""
DIGITS_AT_MOST = 18
"""Of a version; a larger number is no key of any database."""


def render_page(
    request: HelpDeskRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    section: str = "",
    status: int = 200,
) -> TemplateResponse:
    """Return a page within the host's base template.

    The context must be complete, without querysets that are not evaluated: the template is
    rendered after the view, outside of its transaction and its error handling. `section` is
    the navigation entry of the page.
    """
    common = {
        "base_template": help_desk_settings.BASE_TEMPLATE,
        "help_desk_auth": request.help_desk_auth,
        "messages": get_messages(request),
        "section": section,
        "unread_count": policy.unread_count(request.user) if request.user.is_authenticated else 0,
    }
    return TemplateResponse(request, template, {**common, **context}, status=status)


def paginate(rows: QuerySet[Any], requested: str | None) -> Page[Any]:
    """Choose the page of a list that is nearest to what was asked for.

    Args:
        rows: What is listed, in order.
        requested: The page's number as it was typed.

    Returns:
        That page; the first for what is no number or too small, the last for what is too
        large.
    """
    paginator = Paginator(rows, PAGE_SIZE)
    try:
        number = int(requested or 1)
    except ValueError:
        number = 1
    return paginator.page(min(max(number, 1), paginator.num_pages))


def default_redirect_url(auth: BaseHelpDeskAuthController) -> str:
    """Find the page to go to when something is done.

    Args:
        auth: What the person may do.

    Returns:
        The list; for who may not see it the form for a new ticket; else the inbox, which
        is everybody's own.
    """
    if auth.can_view_list():
        return reverse("django_spire:help_desk:page:list")
    if auth.can_add():
        return reverse("django_spire:help_desk:form:create")
    return reverse("django_spire:help_desk:page:inbox")


def return_url(request: HelpDeskRequest) -> str:
    """Read where to go afterwards.

    Args:
        request: May say so by `return_url`.

    Returns:
        The path; empty where none is said, or where it is not a path within the site.
    """
    url = request.POST.get("return_url") or request.GET.get("return_url") or ""
    is_path = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    # Quoting makes a path longer, and Django refuses to redirect to one that is too long.
    return url if is_path and len(iri_to_uri(url)) <= MAX_URL_LENGTH else ""


def warn_of_unreached(request: HelpDeskRequest, names: Sequence[str]) -> None:
    """Name those on the next page who were mentioned in vain.

    Args:
        request: The request that brought the text.
        names: Their names; none for nothing to say.
    """
    if names:
        messages.warning(
            request,
            _("Not told, because there is no such account or it may not read this: %(names)s")
            % {"names": ", ".join(f"@{name}" for name in names)},
            fail_silently=True,
        )


def base_version(request: HttpRequest, name: str = "version") -> int | None:
    """Read which version of a ticket a form was drawn from.

    Args:
        request: Says so in a hidden field, which no person types, or in its address.
        name: The field's name.

    Returns:
        The version; None where it is missing or no number.
    """
    text = request.POST.get(name) or request.GET.get(name) or ""
    is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS_AT_MOST
    return int(text) if is_number else None


def ticket_url(ticket: HelpDeskTicket) -> str:
    """Find a ticket's own page.

    Args:
        ticket: The ticket.

    Returns:
        Its path.
    """
    return reverse("django_spire:help_desk:page:detail", kwargs={"pk": ticket.pk})
