"""Who may do what: the one place that decides.

Views, templates and whoever tells people ask here; `controller` asks for a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from help_desk.auth.holders import holders
from help_desk.conf import help_desk_settings
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import AnonymousUser, User

    from help_desk.querysets import (
        HelpDeskTicketQuerySet,
        NotificationQuerySet,
        TicketCommentQuerySet,
        TicketEventQuerySet,
    )

    Requester = User | AnonymousUser

APP_LABEL = "django_spire_help_desk"


def permission(action: str) -> str:
    """Name the permission for an action on tickets.

    Args:
        action: `add`, `change`, `delete` or `view`.

    Returns:
        The name as `has_perm` takes it.
    """
    return f"{APP_LABEL}.{action}_helpdeskticket"


def may(user: Requester, action: str) -> bool:
    """Say whether somebody may do something to tickets.

    Args:
        user: Whoever asks.
        action: `add`, `change`, `delete` or `view`.

    Returns:
        Whether they hold Django's permission for it.
    """
    return user.has_perm(permission(action))


def may_view_some(user: Requester) -> bool:
    """Say whether there can be any ticket that somebody may see.

    Args:
        user: Whoever asks.

    Returns:
        Whether they hold the view permission, or see what they filed themselves.
    """
    sees_own = user.is_authenticated and help_desk_settings.CREATORS_SEE_OWN_TICKETS
    return sees_own or may(user, "view")


def may_view(user: Requester, ticket: HelpDeskTicket) -> bool:
    """Say whether somebody may see a ticket.

    Args:
        user: Whoever asks.
        ticket: The ticket.

    Returns:
        Whether they hold the view permission, or filed it and the host lets them.
    """
    return may(user, "view") or sees_as_creator(user, ticket)


def sees_as_creator(user: Requester, ticket: HelpDeskTicket) -> bool:
    """Say whether somebody may see a ticket because they filed it.

    Args:
        user: Whoever asks.
        ticket: The ticket.

    Returns:
        Whether they filed it and the host lets creators see their tickets.
    """
    return (
        help_desk_settings.CREATORS_SEE_OWN_TICKETS
        and user.is_authenticated
        and ticket.created_by_id == user.pk
    )


def visible_tickets(user: Requester) -> HelpDeskTicketQuerySet:
    """Collect the tickets that somebody may see.

    Args:
        user: Whoever asks.

    Returns:
        Tickets that are not deleted.
    """
    tickets = HelpDeskTicket.objects.not_deleted()
    if may(user, "view"):
        return tickets
    if may_view_some(user):
        return tickets.filter(created_by_id=user.pk)
    return tickets.none()


def may_see_internal(user: Requester) -> bool:
    """Say whether somebody may read and write internal notes.

    Args:
        user: Whoever asks.

    Returns:
        Whether they hold the change permission.
    """
    return may(user, "change")


def visible_events(user: Requester) -> TicketEventQuerySet:
    """Collect the events that somebody may know of where they may see the ticket.

    Args:
        user: Whoever asks.

    Returns:
        Every event; without those of internal notes for whoever may not read these.
    """
    events = TicketEvent.objects.all()
    return events if may_see_internal(user) else events.public()


def visible_comments(user: Requester) -> TicketCommentQuerySet:
    """Collect the comments that somebody may read where they may see the ticket.

    Args:
        user: Whoever asks.

    Returns:
        Replies; notes, too, for whoever may read these.
    """
    comments = TicketComment.objects.all()
    return comments if may_see_internal(user) else comments.public()


def inbox(user: User) -> NotificationQuerySet:
    """Collect what somebody was told in the app and may still know.

    That there is a new ticket is no secret from whoever was told; it says nothing of the
    ticket's text. All else is for those who may see the ticket, and notes for those who may
    read notes.

    Args:
        user: A signed-in person.

    Returns:
        Their in-app notifications, in no particular order.
    """
    rows = Notification.objects.inbox_of(user)
    if not may(user, "view"):
        visible = Q(event__type=TicketEventType.NEW)
        if help_desk_settings.CREATORS_SEE_OWN_TICKETS:
            visible |= Q(event__ticket__created_by_id=user.pk)
        rows = rows.filter(visible)
    return rows if may_see_internal(user) else rows.public()


def unread_count(user: User) -> int:
    """Count what somebody has not read in the inbox.

    Args:
        user: A signed-in person.

    Returns:
        The number; found in one query where there is nothing to ask permissions about.
    """
    is_new = Q(event__type=TicketEventType.NEW)
    unread = Notification.objects.inbox_of(user).unread()
    counts = unread.aggregate(all=Count("pk"), new=Count("pk", filter=is_new))
    if counts["all"] == counts["new"]:
        return int(counts["all"])
    return inbox(user).unread().count()


def viewers(
    ticket: HelpDeskTicket, among: Collection[Any], using: str, *, internal: bool = False
) -> set[Any]:
    """Find who of some people may see a ticket.

    Args:
        ticket: The ticket.
        among: Keys of accounts.
        using: Alias of the database to ask.
        internal: Whether they must be allowed to see internal notes, too.

    Returns:
        Keys of active accounts.
    """
    found = holders(permission("view"), using, among)
    if help_desk_settings.CREATORS_SEE_OWN_TICKETS and ticket.created_by_id in among:
        found |= {ticket.created_by_id}
    return found & holders(permission("change"), using, found) if internal else found
