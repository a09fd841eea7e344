"""What one can ask of tickets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.db import models

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.validators import validate_storable_text

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket

SEARCH_MAX_LENGTH = 1_000
"""Characters that are looked for; SQLite takes no patterns over 50,000 bytes
(SQLITE_MAX_LIKE_PATTERN_LENGTH)."""

NUMBER = re.compile(r"#?([0-9]{1,18})")
"""A ticket's number as pages and mails write it; longer ones are no key of any database."""


class HelpDeskTicketQuerySet(models.QuerySet["HelpDeskTicket"]):
    """Tickets.

    `update()` and `bulk_create()` are Django's own: they leave no history and tell
    nobody.
    """

    def active(self) -> Self:
        """Tickets that are active and not deleted."""
        return self.filter(is_active=True, is_deleted=False)

    def inactive(self) -> Self:
        """Tickets that were set inactive and are not deleted."""
        return self.filter(is_active=False, is_deleted=False)

    def deleted(self) -> Self:
        """Tickets that were deleted; their rows stay."""
        return self.filter(is_deleted=True)

    def not_deleted(self) -> Self:
        """Tickets that were not deleted, active or not."""
        return self.filter(is_deleted=False)

    def open(self) -> Self:
        """Tickets that still need work."""
        return self.exclude(status=HelpDeskTicketStatusChoices.DONE)

    def complete(self) -> Self:
        """Tickets that are done."""
        return self.filter(status=HelpDeskTicketStatusChoices.DONE)

    def created_by(self, user: User) -> Self:
        """Tickets that this person filed."""
        return self.filter(created_by_id=user.pk)

    def search(self, text: str | None) -> Self:
        """Tickets that a text names by number, or whose description contains it in any case.

        Args:
            text: What to look for, such as `#42`, `42` or words; surrounding white space
                does not count. Empty finds every ticket; of a very long text the beginning
                is looked for.

        Returns:
            The narrowed queryset.
        """
        text = (text or "").strip()[:SEARCH_MAX_LENGTH]
        try:
            validate_storable_text(text)
        except ValidationError:
            # No description holds it, and databases do not even take the question.
            return self.none()
        if not text:
            return self
        found = models.Q(description__icontains=text)
        if number := NUMBER.fullmatch(text):
            found |= models.Q(pk=int(number[1]))
        return self.filter(found)

    def lock(self, ticket_id: int) -> bool:
        """Hold one ticket until the end of the transaction.

        By a write that changes nothing: SQLite has no `SELECT ... FOR UPDATE`, and lets a
        transaction wait for another only at its first statement, if that is a write.

        Args:
            ticket_id: The ticket's number.

        Returns:
            Whether there is such a ticket.
        """
        return self.filter(pk=ticket_id).update(is_active=models.F("is_active")) > 0

    def newest_first(self) -> Self:
        """Tickets by the moment of their creation, the newest first."""
        return self.order_by("-created_datetime", "-pk")

    def with_people(self) -> Self:
        """Tickets together with who filed them and who has them, in one query."""
        return self.select_related("created_by", "assigned_to")

    def with_version(self) -> Self:
        """Tickets that know their `version`, read in the same moment as the rest of them."""
        events: Any = self.model._meta.get_field("event").related_model
        of_ticket = events.objects.filter(ticket=models.OuterRef("pk")).newest_first()
        return self.annotate(version=models.Subquery(of_ticket.values("pk")[:1]))

    def with_subscription_for(self, user: User) -> Self:
        """Tickets that know by `is_muted` what somebody said: None for neither follow nor mute.

        Args:
            user: Whose wish it is.
        """
        followers: Any = self.model._meta.get_field("follower").related_model
        own = followers.objects.filter(ticket=models.OuterRef("pk"), user_id=user.pk)
        return self.annotate(is_muted=models.Subquery(own.values("is_muted")[:1]))

    def muted_by(self, user: User) -> Self:
        """Tickets of which somebody wants to hear no more.

        Args:
            user: Whose wish it is.
        """
        return self.filter(follower__user_id=user.pk, follower__is_muted=True)

    def assigned(self, who: User | None) -> Self:
        """Tickets that somebody has, or nobody.

        Args:
            who: Whose tickets; None for those that nobody has.
        """
        return self.filter(assigned_to_id=None if who is None else who.pk)
