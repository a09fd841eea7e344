"""One's own inbox: what one was told in the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from help_desk.auth import policy
from help_desk.content.events import Content, content_of
from help_desk.content.wording import user_names
from help_desk.exceptions import TicketEventNotificationTypeNotSupportedError
from help_desk.models import Notification
from help_desk.querysets import IN_APP
from help_desk.views.access import permission_required
from help_desk.views.page import paginate, render_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponseBase

    from help_desk.models import TicketEvent
    from help_desk.views.access import HelpDeskRequest

INBOX = "django_spire:help_desk:page:inbox"


@dataclass(frozen=True, kw_only=True)
class InboxEntry:
    """One line of the inbox.

    Attributes:
        notification: The row.
        content: Its words, in the language that is active.
        may_view: Whether the person may open the ticket; the line is a link then.
    """

    notification: Notification
    content: Content
    may_view: bool


@require_safe
@permission_required(None)
def inbox_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Show what the person was told, unread first.

    Args:
        request: May choose a `page`.

    Returns:
        The page.
    """
    inbox = policy.inbox(request.user)
    page = paginate(inbox.with_tickets().unread_first(), request.GET.get("page"))
    auth = request.help_desk_auth
    people = user_names(notification.event for notification in page)
    entries = [
        InboxEntry(
            notification=notification,
            content=_words(notification.event, people),
            may_view=auth.can_view_ticket(notification.event.ticket),
        )
        for notification in page
    ]
    context = {
        "entries": entries,
        "has_unread": inbox.unread().exists(),
        "page": page,
        "query": QueryDict(),
    }
    return render_page(request, "help_desk/inbox/list.html", context, section="inbox")


def _words(event: TicketEvent, people: Mapping[str, str]) -> Content:
    try:
        return content_of(event, IN_APP, people)
    except TicketEventNotificationTypeNotSupportedError:
        # A row that the package did not write; it still leads to its ticket.
        return Content(subject="", title=event.get_type_display())


@require_POST
@permission_required(None, after_login=INBOX)
def mark_read_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Mark one notification of the person's own as read.

    Args:
        request: May say by `page` which page of the inbox to come back to.
        pk: Key of the notification.

    Returns:
        A redirect to the inbox.

    Raises:
        Http404: The person has no such notification.
    """
    notification = get_object_or_404(policy.inbox(request.user), pk=pk)
    Notification.objects.filter(pk=notification.pk).mark_as_read()
    page = request.POST.get("page")
    return HttpResponseRedirect(reverse(INBOX, query={"page": page} if page else None))


@require_POST
@permission_required(None, after_login=INBOX)
def mark_all_read_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Mark everything in the person's inbox as read.

    Args:
        request: Nothing is read from it but who sent it.

    Returns:
        A redirect to the inbox.
    """
    count = policy.inbox(request.user).mark_as_read()
    if count:
        message = ngettext(
            "%(count)d notification was marked as read.",
            "%(count)d notifications were marked as read.",
            count,
        ) % {"count": count}
        messages.success(request, message, fail_silently=True)
    return redirect(INBOX)
