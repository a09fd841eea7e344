"""Who may do what: the one place that decides.

Views, templates and whoever tells people ask here; `controller` asks for a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

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

UNREAD_MAX = 100
"""Unread notifications are counted up to this number; pages show "99+"."""


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
    """Return the in-app notifications that a signed-in user may still see.

    Every recipient sees that a ticket was created, which does not reveal its text. Other
    notifications need permission to view the ticket, and those of internal notes permission to
    see these.
    """
    rows = Notification.objects.inbox_of(user)
    if not may(user, "view"):
        visible = Q(event__type=TicketEventType.NEW)
        if help_desk_settings.CREATORS_SEE_OWN_TICKETS:
            visible |= Q(event__ticket__created_by_id=user.pk)
        rows = rows.filter(visible)
    return rows if may_see_internal(user) else rows.public()


def unread_count(user: User) -> int:
    """Count a signed-in user's unread notifications in `inbox()`, up to `UNREAD_MAX`.

    If all are of new tickets, permissions are not checked.
    """
    unread = Notification.objects.in_app_of(user).unread().in_index_order()
    event_ids = list(unread.values_list("event_id", flat=True)[:UNREAD_MAX])
    if not event_ids:
        return 0
    # Any condition on the joined tables would let the database join them as a whole, which
    # takes a second with a million rows.
    events = TicketEvent.objects.filter(pk__in=event_ids).values_list(
        "type", "ticket__is_deleted", "ticket__created_by_id", "comment__is_internal"
    )
    count = sum(_is_in_inbox(user, event) for event in events)
    if count < len(event_ids) == UNREAD_MAX:
        # Some of the first rows are hidden, so rows beyond them count.
        return inbox(user).unread()[:UNREAD_MAX].count()
    return count


def _is_in_inbox(user: User, event: tuple[str, bool, Any, bool | None]) -> bool:
    """Apply the conditions of `inbox()` to values of an event."""
    event_type, is_deleted, creator_id, is_internal = event
    if is_deleted or event_type == TicketEventType.NEW:
        return not is_deleted
    is_own = help_desk_settings.CREATORS_SEE_OWN_TICKETS and creator_id == user.pk
    return (is_own or may(user, "view")) and (not is_internal or may_see_internal(user))


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
