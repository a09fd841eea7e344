"""Following and muting a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from help_desk.views.access import forbidden, permission_required
from help_desk.views.page import return_url
from help_desk.views.ticket_page import find_ticket

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("view")
def follow_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Follow a ticket if the POST field `subscription` is `follow`; mute it if it is `mute`."""
    ticket = find_ticket(request, pk)
    if not request.help_desk_auth.can_view_ticket(ticket):
        return forbidden(request, "view")
    number = {"number": ticket.pk}
    subscription = request.POST.get("subscription")
    if subscription == "follow":
        ticket.services.follow(request.user)
        message = _("You're following ticket #%(number)s.") % number
        messages.success(request, message, fail_silently=True)
    elif subscription == "mute":
        ticket.services.mute(request.user)
        message = _("You muted ticket #%(number)s and get no notifications about it.") % number
        messages.success(request, message, fail_silently=True)
    return HttpResponseRedirect(return_url(request) or ticket.get_absolute_url())
