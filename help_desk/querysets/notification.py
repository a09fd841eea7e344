"""What one can ask of notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import connections, models, transaction
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices
from help_desk.enums import TicketEventType
from help_desk.querysets.append_only import AppendOnlyQuerySet
from help_desk.querysets.comment import is_no_note

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket, Notification

IN_APP = "in_app"


class NotificationQuerySet(AppendOnlyQuerySet["Notification"]):
    """Who was told of what, by which channel."""

    def inbox_of(self, user: User) -> Self:
        """What this person was told in the app, of tickets that are not deleted.

        Args:
            user: A signed-in person.

        Returns:
            Their in-app notifications, in no particular order.
        """
        return self.filter(recipient_id=user.pk, channel=IN_APP, event__ticket__is_deleted=False)

    def about(self, ticket: HelpDeskTicket) -> Self:
        """Notifications of what happened to one ticket.

        Args:
            ticket: The ticket.
        """
        return self.filter(event__ticket_id=ticket.pk)

    def public(self) -> Self:
        """Notifications but those of internal notes."""
        return self.filter(is_no_note("event__comment"))

    def of_new_tickets(self) -> Self:
        """Notifications of a ticket's creation."""
        return self.filter(event__type=TicketEventType.NEW)

    def with_tickets(self) -> Self:
        """Notifications with their event, its ticket, actor and comment, in one query."""
        return self.select_related("event__ticket", "event__actor", "event__comment")

    def unread(self) -> Self:
        """Notifications that their recipient has not read."""
        return self.filter(read_datetime=None)

    def unread_first(self) -> Self:
        """Unread ones first, then the newest first."""
        return self.order_by(models.F("read_datetime").desc(nulls_first=True), "-pk")

    def due(self, now: datetime) -> Self:
        """Rows that wait to be sent and that no run holds.

        Args:
            now: The moment that counts.
        """
        return self.waiting().filter(due_datetime__lte=now)

    def waiting(self) -> Self:
        """Rows that are still to be sent, now or later."""
        # The index on `due_datetime` serves this; there is none on `status`.
        return self.filter(status=NotificationStatusChoices.WAITING, due_datetime__isnull=False)

    def claim(self, *, lease: UUID, until: datetime, size: int, waits: bool = False) -> list[int]:
        """Take rows for a delivery run; what another run takes meanwhile is passed over.

        One short transaction where rows can be locked and locked ones be skipped; elsewhere
        a conditional update.

        Args:
            lease: The token of whoever takes them.
            until: When they are due again if nothing is heard of them.
            size: How many at most.
            waits: Whether to wait for rows that are locked for a moment. MariaDB also locks
                rows that another run only looks at.

        Returns:
            Keys of the rows that were there to be taken; those that bear the token are.
        """
        values = {"lease": lease, "due_datetime": until}
        rows = self.model._default_manager.using(self.db)
        if not waits and connections[self.db].features.has_select_for_update_skip_locked:
            with transaction.atomic(using=self.db):
                free = self.select_for_update(skip_locked=True)
                ids = list(free.values_list("pk", flat=True)[:size])
                rows.filter(pk__in=ids).write(**values)
        else:
            ids = list(self.values_list("pk", flat=True)[:size])
            # Another run may have taken some since: the condition is put once more.
            self.order_by().filter(pk__in=ids).write(**values)
        return ids

    def send_again(self) -> int:
        """Have rows that failed or were skipped sent as if they were new.

        Returns:
            How many there were.
        """
        now = timezone.now()
        given_up = (NotificationStatusChoices.FAILED, NotificationStatusChoices.SKIPPED)
        return self.filter(status__in=given_up).write(
            status=NotificationStatusChoices.WAITING,
            due_datetime=now,
            scheduled_datetime=now,
            attempts=0,
            error="",
        )

    def prunable(self, before: datetime, inboxes: Iterable[str], *, failed: bool = False) -> Self:
        """Rows that nobody needs any more.

        Args:
            before: Written before this moment.
            inboxes: Channels whose rows stay until their recipient has read them.
            failed: Whether rows that could not be sent count, too.
        """
        done = [NotificationStatusChoices.SENT, NotificationStatusChoices.SKIPPED]
        if failed:
            done.append(NotificationStatusChoices.FAILED)
        read = ~models.Q(channel__in=list(inboxes)) | models.Q(read_datetime__isnull=False)
        return self.filter(read, status__in=done, created_datetime__lt=before)

    def mark_as_read(self) -> int:
        """Note that the recipient has read these; those already read keep their moment.

        Returns:
            How many were unread until now.
        """
        return self.unread().write(read_datetime=timezone.now())
