"""Notifications: the inbox, the outbox, and what can be deleted."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from django.db import DatabaseError, connections, models, router, transaction
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices
from help_desk.querysets.append_only import AppendOnlyQuerySet
from help_desk.querysets.comment import is_public

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

    from django.contrib.auth.models import User

    from help_desk.models.notification import Notification

logger = logging.getLogger(__name__)

IN_APP = "in_app"
LOCK_WAIT = 250
"""Milliseconds to wait for another writer on SQLite where the write is not essential."""


@contextmanager
def _short_lock_wait(using: str) -> Iterator[None]:
    connection = connections[using]
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (timeout,) = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {min(timeout, LOCK_WAIT)}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {timeout}")


class NotificationQuerySet(AppendOnlyQuerySet["Notification"]):
    """Notifications, one row per recipient, event and channel."""

    def in_app_of(self, user: User) -> Self:
        """Return a user's in-app notifications, also of deleted tickets."""
        return self.filter(recipient_id=user.pk, channel=IN_APP)

    def inbox_of(self, user: User) -> Self:
        """Return a user's in-app notifications of tickets that are not deleted."""
        return self.in_app_of(user).filter(event__ticket__is_deleted=False)

    def about(self, ticket: models.Model) -> Self:
        """Return the notifications of one ticket's events."""
        return self.filter(event__ticket_id=ticket.pk)

    def public(self) -> Self:
        """Return notifications that are not about internal notes."""
        return self.filter(is_public("event__comment"))

    def with_tickets(self) -> Self:
        """Fetch event, ticket, actor and comment in the same query."""
        return self.select_related("event__ticket", "event__actor", "event__comment")

    def unread(self) -> Self:
        """Return notifications that their recipient has not read."""
        return self.filter(read_datetime=None)

    def in_index_order(self) -> Self:
        """Order by the columns of the inbox's index, so that a slice reads no other rows."""
        return self.order_by("recipient_id", "channel", "read_datetime")

    def unread_first(self) -> Self:
        """Return unread notifications first, then the newest first."""
        return self.order_by(models.F("read_datetime").desc(nulls_first=True), "-pk")

    def mark_as_read(self) -> int:
        """Mark unread notifications as read, and return their number."""
        return self.unread().write(read_datetime=timezone.now())

    def try_to_mark_as_read(self) -> bool:
        """Mark unread notifications as read; log why, and return False, if that is impossible.

        On SQLite, it waits only a moment for another writer.
        """
        using = getattr(self, "_db", None) or router.db_for_write(self.model)
        try:
            # Within a transaction of the caller, this is a savepoint, so that it stays usable.
            with _short_lock_wait(using), transaction.atomic(using=using):
                self.mark_as_read()
        except DatabaseError as error:
            logger.warning("Notifications could not be marked as read: %s", error)
            return False
        return True

    def waiting(self) -> Self:
        """Return rows that are still to be sent, now or later."""
        # The index on `due_datetime` serves this; there is none on `status`.
        return self.filter(status=NotificationStatusChoices.WAITING, due_datetime__isnull=False)

    def due(self, now: datetime) -> Self:
        """Return rows that are to be sent now and that no run has claimed."""
        return self.waiting().filter(due_datetime__lte=now)

    def in_same_message_as(
        self, rows: Collection[Notification], *, now: datetime, window_end: datetime
    ) -> Self:
        """Return unclaimed rows that a digest channel would send in one message with `rows`.

        Those are the recipients' due rows, and changes by the same actor to the same ticket
        that are due before the end of the window.
        """
        same_change = models.Q()
        for ticket_id, actor_id in {(row.event.ticket_id, row.event.actor_id) for row in rows}:
            same_change |= models.Q(event__ticket_id=ticket_id, event__actor_id=actor_id)
        return self.filter(
            models.Q(due_datetime__lte=now) | models.Q(same_change, due_datetime__lte=window_end),
            status=NotificationStatusChoices.WAITING,
            lease=None,
            channel__in={row.channel for row in rows},
            recipient_id__in={row.recipient_id for row in rows},
        )

    def claim(self, *, lease: UUID, until: datetime, size: int, wait: bool = False) -> list[int]:
        """Claim rows for a delivery run, and return the IDs of the candidates.

        Rows that another run has locked are skipped; with `wait`, this waits for them. If the
        database cannot skip locked rows, another run may claim some candidates in the
        meantime: only rows that have the lease afterwards are claimed.
        """
        values = {"lease": lease, "due_datetime": until}
        rows = self.model._default_manager.using(self.db)
        if not wait and connections[self.db].features.has_select_for_update_skip_locked:
            with transaction.atomic(using=self.db):
                free = self.select_for_update(skip_locked=True)
                ids = list(free.values_list("pk", flat=True)[:size])
                rows.filter(pk__in=ids).write(**values)
        else:
            ids = list(self.values_list("pk", flat=True)[:size])
            # The conditions are repeated: another run may have claimed some since.
            self.order_by().filter(pk__in=ids).write(**values)
        return ids

    def record_result(
        self, ids: Collection[int], *, lease: UUID, is_attempt: bool, **values: object
    ) -> int:
        """Update and release those of some rows that have the lease; return their number.

        It runs once per message; written by hand, as the ORM takes ten times as long to build it.
        """
        connection = connections[self.db]
        quote: Any = connection.ops.quote_name
        get_field: Any = self.model._meta.get_field
        fields = [(get_field(name), value) for name, value in values.items()]
        columns = ["lease = NULL", *(f"{quote(field.column)} = %s" for field, _value in fields)]
        if is_attempt:
            columns.append("attempts = attempts + 1")
        fields += [(get_field("id"), id) for id in ids]
        fields.append((get_field("lease"), lease))
        sql = (
            f"UPDATE {quote(self.model._meta.db_table)} SET {', '.join(columns)} "  # noqa: S608 -- no values
            f"WHERE id IN ({', '.join(['%s'] * len(ids))}) AND lease = %s"
        )
        params = [field.get_db_prep_save(value, connection) for field, value in fields]
        with transaction.mark_for_rollback_on_error(self.db), connection.cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)

    def reset(self) -> int:
        """Make failed and skipped rows due, as if they were new."""
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
        """Return rows that are no longer needed: sent or skipped, and read if in an inbox."""
        done = [NotificationStatusChoices.SENT, NotificationStatusChoices.SKIPPED]
        if failed:
            done.append(NotificationStatusChoices.FAILED)
        read = ~models.Q(channel__in=list(inboxes)) | models.Q(read_datetime__isnull=False)
        return self.filter(read, status__in=done, created_datetime__lt=before)
