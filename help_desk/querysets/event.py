"""Ticket events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils import timezone

from help_desk.enums import TicketEventType
from help_desk.querysets.append_only import AppendOnlyQuerySet
from help_desk.querysets.comment import is_public

if TYPE_CHECKING:
    from help_desk.models.event import TicketEvent


class _Size(models.Func):
    """The length of JSON data as text: in characters or bytes, as the database counts."""

    function = "LENGTH"
    output_field = models.IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Compile it for PostgreSQL, whose `jsonb` has no length."""
        context["template"] = "LENGTH((%(expressions)s)::text)"
        return self.as_sql(compiler, connection, **context)


class TicketEventQuerySet(AppendOnlyQuerySet["TicketEvent"]):
    """The events of tickets."""

    def record(
        self,
        *,
        ticket: Any,
        type: TicketEventType,
        actor: Any,
        changes: dict[str, list[Any]],
        comment: Any = None,
    ) -> TicketEvent:
        """Record an event of a saved ticket; its creation is dated like the ticket itself."""
        is_new = type == TicketEventType.NEW
        return self.create(
            ticket=ticket,
            type=type,
            actor=actor,
            comment=comment,
            created_datetime=ticket.created_datetime if is_new else timezone.now(),
            changes=changes,
        )

    def oldest_first(self) -> Self:
        """Return events in the order in which they were recorded."""
        return self.order_by("pk")

    def newest_first(self) -> Self:
        """Return events, the latest first."""
        return self.order_by("-pk")

    def public(self) -> Self:
        """Return events that are not about internal notes."""
        return self.filter(is_public("comment"))

    def ids_and_sizes(self) -> models.QuerySet[TicketEvent, tuple[int, int]]:
        """Return the ID of each event and the size of its changes, without loading them."""
        return self.values_list("pk", _Size("changes"))

    def with_users(self) -> Self:
        """Fetch actor and comment in the same query."""
        return self.select_related("actor", "comment")

    def assigning(self, user_id: object) -> Self:
        """Return events of assignments to or from a user, whose ID is as events store it."""
        return self.filter(
            models.Q(changes__assigned_to__0=user_id) | models.Q(changes__assigned_to__1=user_id)
        )

    def quoting(self, text: str) -> Self:
        """Return events that contain a text in a description or a comment, in any case."""
        condition = models.Q()
        for field in ("description", "text"):
            for index in (0, 1):
                condition |= models.Q(**{f"changes__{field}__{index}__icontains": text})
        return self.filter(condition)
