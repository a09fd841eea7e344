"""The user's inbox: their in-app notifications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from help_desk.auth import policy
from help_desk.content.events import content_of
from help_desk.content.wording import user_names
from help_desk.exceptions import TicketEventNotificationTypeNotSupportedError
from help_desk.models import Notification
from help_desk.querysets import IN_APP
from help_desk.views.access import permission_required
from help_desk.views.page import paginate, render_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponseBase

    from help_desk.views.types import HelpDeskRequest

INBOX = "django_spire:help_desk:page:inbox"
MAX_PAGE_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class InboxEntry:
    """One entry of the inbox, in the active language.

    Attributes:
        notification: The notification.
        url: The ticket's page; empty if the user may not view the ticket.
        subject: The ticket's subject; empty if the user may not view it.
        title: What happened.
        body: Details; may be empty.
    """

    notification: Notification
    url: str
    subject: str
    title: str
    body: str


@require_safe
@permission_required(None)
def inbox_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Show a page of the inbox, unread entries first."""
    inbox = policy.inbox(request.user)
    page = paginate(inbox.with_tickets().unread_first(), request.GET.get("page"))
    names = user_names(notification.event for notification in page)
    context = {
        "entries": [_build_entry(request, notification, names) for notification in page],
        "has_unread": inbox.unread().exists(),
        "page": page,
        "query": QueryDict(),
    }
    return render_page(request, "help_desk/inbox/list.html", context, section="inbox")


def _build_entry(
    request: HelpDeskRequest, notification: Notification, names: Mapping[str, str]
) -> InboxEntry:
    event = notification.event
    try:
        content = content_of(event, IN_APP, names)
        subject, title, body = content.subject, content.title, content.body
    except TicketEventNotificationTypeNotSupportedError:
        # The package did not write this row; its entry still links to the ticket.
        subject, title, body = "", event.get_type_display(), ""
    may_view = request.help_desk_auth.can_view_ticket(event.ticket)
    return InboxEntry(
        notification=notification,
        url=event.ticket.get_absolute_url() if may_view else "",
        subject=subject if may_view else "",
        title=title,
        body=body,
    )


@require_POST
@permission_required(None, after_login=INBOX)
def mark_read_view(request: HelpDeskRequest, pk: int) -> HttpResponseBase:
    """Mark one of the user's notifications as read; `page` is the page to return to."""
    notification = get_object_or_404(policy.inbox(request.user), pk=pk)
    Notification.objects.filter(pk=notification.pk).mark_as_read()
    page = request.POST.get("page", "")
    # Django refuses to redirect to a long URL, after the notification was marked.
    is_number = page.isdecimal() and len(page) <= MAX_PAGE_DIGITS
    return HttpResponseRedirect(reverse(INBOX, query={"page": page} if is_number else None))


@require_POST
@permission_required(None, after_login=INBOX)
def mark_all_read_view(request: HelpDeskRequest) -> HttpResponseBase:
    """Mark everything in the user's inbox as read."""
    count = policy.inbox(request.user).mark_as_read()
    if count:
        message = ngettext(
            "%(count)d notification marked as read.",
            "%(count)d notifications marked as read.",
            count,
        ) % {"count": count}
        messages.success(request, message, fail_silently=True)
    return HttpResponseRedirect(reverse(INBOX))
