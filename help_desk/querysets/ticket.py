"""Tickets."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.enums import TicketEventType
from help_desk.text.plain_text import is_storable

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from help_desk.models.ticket import HelpDeskTicket

SEARCH_MAX_LENGTH = 200
"""Characters of a search; SQLite rejects patterns of more than 50,000 bytes
(SQLITE_MAX_LIKE_PATTERN_LENGTH)."""

NUMBER = re.compile(r"#?([0-9]{1,18})")
"""A ticket's number as pages and emails show it; a longer one does not fit into a primary key."""


class HelpDeskTicketQuerySet(models.QuerySet["HelpDeskTicket"]):
    """Tickets, including deleted ones unless a method excludes them."""

    def active(self) -> Self:
        """Return tickets that are active and not deleted."""
        return self.filter(is_active=True, is_deleted=False)

    def inactive(self) -> Self:
        """Return tickets that are inactive and not deleted."""
        return self.filter(is_active=False, is_deleted=False)

    def deleted(self) -> Self:
        """Return tickets that were deleted; their rows are kept."""
        return self.filter(is_deleted=True)

    def not_deleted(self) -> Self:
        """Return tickets that were not deleted, active or not."""
        return self.filter(is_deleted=False)

    def open(self) -> Self:
        """Return tickets that are not done."""
        return self.exclude(status=HelpDeskTicketStatusChoices.DONE)

    def complete(self) -> Self:
        """Return tickets that are done."""
        return self.filter(status=HelpDeskTicketStatusChoices.DONE)

    def created_by(self, user: User) -> Self:
        """Return tickets that a user created.

        Args:
            user: The creator.

        Returns:
            The tickets.
        """
        return self.filter(created_by_id=user.pk)

    def assigned(self, user: User | None) -> Self:
        """Return tickets that are assigned to a user, or unassigned tickets.

        Args:
            user: The assignee; None for unassigned tickets.

        Returns:
            The tickets.
        """
        return self.filter(assigned_to_id=None if user is None else user.pk)

    def muted_by(self, user: User) -> Self:
        """Return tickets that a user has muted.

        Args:
            user: The user.

        Returns:
            The tickets.
        """
        return self.filter(follower__user_id=user.pk, follower__is_muted=True)

    def search(self, text: str | None) -> Self:
        """Return the ticket with that number, and tickets whose description contains a text.

        Args:
            text: A number such as `42` or `#42`, or a part of a description in any case. Only
                the first 200 characters count. Empty: every ticket.

        Returns:
            The tickets.
        """
        text = (text or "").strip()[:SEARCH_MAX_LENGTH]
        if not text:
            return self
        if not is_storable(text):
            return self.none()  # No description contains it, and databases reject the query.
        matches = models.Q(description__icontains=text)
        if number := NUMBER.fullmatch(text):
            matches |= models.Q(pk=int(number[1]))
        return self.filter(matches)

    def newest_first(self) -> Self:
        """Return tickets in the order of their creation, the newest first."""
        return self.order_by("-created_datetime", "-pk")

    def with_users(self) -> Self:
        """Fetch creator and assignee in the same query."""
        return self.select_related("created_by", "assigned_to")

    def with_version(self, *, public: bool = False) -> Self:
        """Annotate `version`, the ID of the ticket's latest event, or of its latest public one."""
        return self.annotate(version=_latest_event(self.model, public=public))

    def with_subscription_for(self, user: User) -> Self:
        """Annotate `is_muted`: False if a user follows the ticket, None without a choice.

        Args:
            user: The user.

        Returns:
            The tickets.
        """
        followers: Any = self.model._meta.get_field("follower").related_model
        own = followers.objects.filter(ticket=models.OuterRef("pk"), user_id=user.pk)
        return self.annotate(is_muted=models.Subquery(own.values("is_muted")[:1]))

    def get_for_update(self, ticket_id: int) -> HelpDeskTicket:
        """Return a ticket, locked until the end of the transaction.

        Args:
            ticket_id: The ticket's number.

        Returns:
            The ticket's current state.

        Raises:
            HelpDeskTicket.DoesNotExist: There is no such ticket.
        """
        if connections[self.db].features.has_select_for_update:
            return self.select_for_update().get(pk=ticket_id)
        # SQLite has no row locks, but an update locks the database for other writers.
        self.filter(pk=ticket_id).update(is_active=models.F("is_active"))
        return self.get(pk=ticket_id)

    def unassign(self) -> int:
        """Unassign the tickets, with an event of each; call it in a transaction.

        Returns:
            The number of tickets.
        """
        # The model may be one of a migration's state.
        event_model: Any = self.model._meta.get_field("event").related_model
        assigned = self.select_for_update().order_by().values_list("pk", "assigned_to_id")
        event_model._base_manager.using(self.db).bulk_create(
            [
                event_model(
                    ticket_id=ticket_id,
                    type=TicketEventType.UPDATE,
                    changes={"assigned_to": [user_id, None]},
                )
                for ticket_id, user_id in assigned
            ]
        )
        return super().update(assigned_to=None)


@cache  # It is the same each time, and building it takes longer than running it.
def _latest_event(ticket_model: type[models.Model], *, public: bool) -> models.Subquery:
    """Return the ID of the latest event, or the latest public event, of a ticket."""
    events: Any = ticket_model._meta.get_field("event").related_model
    of_ticket = events.objects.filter(ticket=models.OuterRef("pk")).newest_first()
    if public:
        of_ticket = of_ticket.public()
    return models.Subquery(of_ticket.values("pk")[:1])
