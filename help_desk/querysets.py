"""What one can ask of tickets, their events and their notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from django.core.exceptions import ValidationError
from django.db import connections, models, transaction
from django.utils import timezone

from help_desk.choices import HelpDeskTicketStatusChoices, NotificationStatusChoices
from help_desk.enums import TicketEventType
from help_desk.exceptions import AppendOnlyError
from help_desk.validators import validate_storable_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from help_desk.host_types import Account
    from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent

IN_APP = "in_app"

SEARCH_MAX_LENGTH = 1_000
"""Characters that are looked for; SQLite takes no patterns over 50,000 bytes
(SQLITE_MAX_LIKE_PATTERN_LENGTH)."""

Row = TypeVar("Row", bound=models.Model)


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

    def created_by(self, user: Account) -> Self:
        """Tickets that this person filed."""
        return self.filter(created_by_id=user.pk)

    def search(self, text: str | None) -> Self:
        """Tickets whose description contains a text, whatever the case of its letters.

        Args:
            text: What to look for; surrounding white space does not count. Empty finds
                every ticket; of a very long text the beginning is looked for.

        Returns:
            The narrowed queryset.
        """
        text = (text or "").strip()[:SEARCH_MAX_LENGTH]
        try:
            validate_storable_text(text)
        except ValidationError:
            # No description holds it, and databases do not even take the question.
            return self.none()
        return self.filter(description__icontains=text) if text else self

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

    def with_wish_of(self, user: Account) -> Self:
        """Tickets that know by `is_muted` what somebody said: None for neither follow nor mute.

        Args:
            user: Whose wish it is.
        """
        followers: Any = self.model._meta.get_field("follower").related_model
        own = followers.objects.filter(ticket=models.OuterRef("pk"), user_id=user.pk)
        return self.annotate(is_muted=models.Subquery(own.values("is_muted")[:1]))

    def muted_by(self, user: Account) -> Self:
        """Tickets of which somebody wants to hear no more.

        Args:
            user: Whose wish it is.
        """
        return self.filter(follower__user_id=user.pk, follower__is_muted=True)

    def assigned(self, who: Account | None) -> Self:
        """Tickets that somebody has, or nobody.

        Args:
            who: Whose tickets; None for those that nobody has.
        """
        return self.filter(assigned_to_id=None if who is None else who.pk)


class TicketCommentQuerySet(models.QuerySet["TicketComment"]):
    """What people said on tickets."""

    def without_notes(self) -> Self:
        """Replies, which everybody on the ticket may read."""
        return self.filter(is_internal=False)


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Rows that are written once; only the package's own methods move them on."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            AppendOnlyError: Always.
        """
        raise AppendOnlyError(_refusal(self.model, "changed"))

    def delete(self) -> NoReturn:
        """Refuse.

        Raises:
            AppendOnlyError: Always. Rows go with their ticket, and by the package's own
                commands.
        """
        raise AppendOnlyError(_refusal(self.model, "deleted"))

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            AppendOnlyError: Always.
        """
        raise AppendOnlyError(_refusal(self.model, "changed"))

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        """Insert rows; nothing that is there gives way.

        Args:
            objs: New rows.
            *args: As `QuerySet.bulk_create` takes them.
            **kwargs: As there.

        Returns:
            The rows.

        Raises:
            AppendOnlyError: With `update_conflicts`.
        """
        if kwargs.get("update_conflicts"):
            raise AppendOnlyError(_refusal(self.model, "changed"))
        return super().bulk_create(objs, *args, **kwargs)

    def write(self, **values: Any) -> int:
        """Move rows on; for the package's own modules only.

        Args:
            **values: As `QuerySet.update` takes them.

        Returns:
            How many rows matched.
        """
        return super().update(**values)

    def remove(self) -> int:
        """Delete rows; for the package's own modules only.

        Returns:
            How many rows are gone.
        """
        return super().delete()[0]


def _refusal(model: type[models.Model], participle: str) -> str:
    return f"{model._meta.verbose_name_plural} are append-only: they cannot be {participle}."


def _is_no_note(comment: str) -> models.Q:
    return models.Q(**{comment: None}) | models.Q(**{f"{comment}__is_internal": False})


class TicketEventQuerySet(AppendOnlyQuerySet["TicketEvent"]):
    """What happened to tickets."""

    def record(
        self,
        *,
        ticket: HelpDeskTicket,
        is_new: bool,
        actor: Any,
        changes: dict[str, list[Any]],
        comment: TicketComment | None = None,
        is_correction: bool = False,
    ) -> TicketEvent:
        """Write down what happened to a ticket.

        Args:
            ticket: The ticket, saved.
            is_new: Whether the event is the ticket's creation; it then bears the moment
                of that.
            actor: Who did it, where known.
            changes: Field name to `[old, new]`.
            comment: What was said with it, or corrected by it.
            is_correction: Whether the comment was corrected.

        Returns:
            The event.
        """
        event_type = TicketEventType.UPDATE
        if is_new:
            event_type = TicketEventType.NEW
        elif comment is not None and not is_correction:
            event_type = TicketEventType.COMMENT
        return self.create(
            ticket=ticket,
            type=event_type,
            actor=actor,
            comment=comment,
            created_datetime=ticket.created_datetime if is_new else timezone.now(),
            changes=changes,
        )

    def oldest_first(self) -> Self:
        """Events in the order in which they were written."""
        return self.order_by("pk")

    def newest_first(self) -> Self:
        """Events, the one that was written last first."""
        return self.order_by("-pk")

    def without_notes(self) -> Self:
        """Events but those of internal notes."""
        return self.filter(_is_no_note("comment"))

    def with_people(self) -> Self:
        """Events together with who did it and what was said, in one query."""
        return self.select_related("actor", "comment")


class NotificationQuerySet(AppendOnlyQuerySet["Notification"]):
    """Who was told of what, by which channel."""

    def inbox_of(self, user: Account) -> Self:
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

    def without_notes(self) -> Self:
        """Notifications but those of internal notes."""
        return self.filter(_is_no_note("event__comment"))

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
