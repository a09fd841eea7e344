"""What a user can do and see.

Every permission rule is in this module. Views, templates, services and notifications call it;
`controller` applies it to the user of a request.
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
    from typing import TypeVar

    from django.contrib.auth.models import AnonymousUser, User

    from help_desk.querysets import (
        HelpDeskTicketQuerySet,
        NotificationQuerySet,
        TicketCommentQuerySet,
        TicketEventQuerySet,
    )

    AnyUser = User | AnonymousUser
    Rows = TypeVar("Rows", TicketCommentQuerySet, TicketEventQuerySet, NotificationQuerySet)

APP_LABEL = "django_spire_help_desk"

UNREAD_MAX = 100
"""Unread notifications are counted up to this number; pages show "99+"."""


def permission(action: str) -> str:
    """Return the name of a permission on tickets, as `has_perm` takes it.

    Actions are `add`, `change`, `delete` and `view`.
    """
    return f"{APP_LABEL}.{action}_helpdeskticket"


def can(user: AnyUser, action: str) -> bool:
    """Return whether a user has the permission for an action on tickets."""
    return user.has_perm(permission(action))


def can_view_list(user: AnyUser) -> bool:
    """Return whether a user can view all tickets, or at least their own."""
    sees_own = user.is_authenticated and help_desk_settings.CREATORS_SEE_OWN_TICKETS
    return sees_own or can(user, "view")


def can_view_ticket(user: AnyUser, ticket: HelpDeskTicket) -> bool:
    """Return whether a user can view a ticket."""
    return can(user, "view") or sees_as_creator(user, ticket)


def sees_as_creator(user: AnyUser, ticket: HelpDeskTicket) -> bool:
    """Return whether a user can view a ticket because they created it."""
    return (
        help_desk_settings.CREATORS_SEE_OWN_TICKETS
        and user.is_authenticated
        and ticket.created_by_id == user.pk
    )


def visible_tickets(user: AnyUser) -> HelpDeskTicketQuerySet:
    """Return the tickets that a user can view, without deleted ones."""
    tickets = HelpDeskTicket.objects.not_deleted()
    if can(user, "view"):
        return tickets
    if can_view_list(user):
        return tickets.filter(created_by_id=user.pk)
    return tickets.none()


def can_see_internal(user: AnyUser) -> bool:
    """Return whether a user can read and write internal notes."""
    return can(user, "change")


def hide_internal(rows: Rows, user: AnyUser) -> Rows:
    """Leave out what is about internal notes, unless the user can see them."""
    return rows if can_see_internal(user) else rows.public()


def visible_events(user: AnyUser) -> TicketEventQuerySet:
    """Return the events that a user can see, provided that they can view the ticket."""
    return hide_internal(TicketEvent.objects.all(), user)


def with_version(tickets: HelpDeskTicketQuerySet, user: AnyUser) -> HelpDeskTicketQuerySet:
    """Annotate `version`, the ID of the latest event that the user can see.

    That of a hidden one would reveal that an internal note was written.
    """
    return tickets.with_version(public=not can_see_internal(user))


def visible_comments(user: AnyUser) -> TicketCommentQuerySet:
    """Return the comments that a user can see, provided that they can view the ticket."""
    return hide_internal(TicketComment.objects.all(), user)


def inbox(user: User) -> NotificationQuerySet:
    """Return a user's in-app notifications that they can still see, unordered.

    Those of new tickets remain visible without the view permission: they contain nothing of
    the ticket's text. All others require that the user can view the ticket.
    """
    rows = Notification.objects.inbox_of(user)
    if not can(user, "view"):
        visible = Q(event__type=TicketEventType.NEW)
        if help_desk_settings.CREATORS_SEE_OWN_TICKETS:
            visible |= Q(event__ticket__created_by_id=user.pk)
        rows = rows.filter(visible)
    return hide_internal(rows, user)


def unread_count(user: User) -> int:
    """Count a signed-in user's unread notifications in `inbox()`, up to `UNREAD_MAX`."""
    return len(unread_ticket_ids(user))


def unread_ticket_ids(user: User) -> list[int]:
    """Return the ticket of each unread notification in `inbox()`, up to `UNREAD_MAX`.

    If all are of new tickets, permissions are not checked.
    """
    unread = Notification.objects.in_app_of(user).unread().in_index_order()
    event_ids = list(unread.values_list("event_id", flat=True)[:UNREAD_MAX])
    if not event_ids:
        return []
    # Any condition on the joined tables would let the database join them as a whole, which
    # takes a second with a million rows.
    events = TicketEvent.objects.filter(pk__in=event_ids).values_list(
        "ticket_id", "type", "ticket__is_deleted", "ticket__created_by_id", "comment__is_internal"
    )
    ticket_ids = [event[0] for event in events if _is_in_inbox(user, event)]
    if len(ticket_ids) < len(event_ids) == UNREAD_MAX:
        # Some of the first rows are hidden, so rows beyond them count.
        visible = inbox(user).unread().values_list("event__ticket_id", flat=True)
        return list(visible[:UNREAD_MAX])
    return ticket_ids


def _is_in_inbox(user: User, event: tuple[int, str, bool, Any, bool | None]) -> bool:
    """Apply the conditions of `inbox()` to values of an event."""
    _ticket_id, event_type, is_deleted, creator_id, is_internal = event
    if is_deleted or event_type == TicketEventType.NEW:
        return not is_deleted
    is_own = help_desk_settings.CREATORS_SEE_OWN_TICKETS and creator_id == user.pk
    return (is_own or can(user, "view")) and (not is_internal or can_see_internal(user))


def viewers(
    ticket: HelpDeskTicket, among: Collection[Any], using: str, *, internal: bool = False
) -> set[Any]:
    """Return the IDs of those users who are active and can view a ticket.

    With `internal`, they must be able to see internal notes, too.
    """
    found = holders(permission("view"), using, among)
    if help_desk_settings.CREATORS_SEE_OWN_TICKETS and ticket.created_by_id in among:
        found |= {ticket.created_by_id}
    return found & holders(permission("change"), using, found) if internal else found
