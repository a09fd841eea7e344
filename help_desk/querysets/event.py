"""What one can ask of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.utils import timezone

from help_desk.enums import TicketEventType
from help_desk.querysets.append_only import AppendOnlyQuerySet
from help_desk.querysets.comment import is_no_note

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent


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

    def public(self) -> Self:
        """Events but those of internal notes."""
        return self.filter(is_no_note("comment"))

    def with_people(self) -> Self:
        """Events together with who did it and what was said, in one query."""
        return self.select_related("actor", "comment")
