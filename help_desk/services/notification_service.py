"""Telling people of what happened to a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import router, transaction

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketEvent
from help_desk.notifications import outbox
from help_desk.notifications.recipients import people_told_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from help_desk.models import Notification


class HelpDeskTicketNotificationService:
    """Writes notifications; reached as `ticket.services.notification`."""

    def __init__(self, obj: HelpDeskTicket) -> None:
        """Bind the service.

        Args:
            obj: The ticket that people are told of.
        """
        self.obj = obj

    def create_new_ticket_notifications(self) -> list[Notification]:
        """Tell developers and managers that the ticket was created.

        Whoever was told before is not told again. Rows are written here; what goes by
        e-mail leaves after the commit.

        Returns:
            The notifications that this call wrote.
        """
        event = self.obj.latest_event
        if event is not None and event.type == TicketEventType.NEW and event.is_untold:
            return self.create_event_notifications(event)
        using = router.db_for_write(TicketEvent, instance=self.obj)
        with transaction.atomic(using=using):
            # Parallel calls for one ticket wait for each other.
            HelpDeskTicket.objects.using(using).lock(self.obj.pk)
            return self.create_event_notifications(self._new_event(using))

    def create_event_notifications(
        self, event: TicketEvent, mentioned: Collection[Any] = ()
    ) -> list[Notification]:
        """Tell whom an event concerns.

        Whoever was told of it before is not told again. Rows are written here; what
        leaves the house leaves after the commit.

        Args:
            event: What happened to the ticket.
            mentioned: Keys of the accounts that its text mentions and that may read it.

        Returns:
            The notifications that this call wrote.
        """
        return outbox.write(event, people_told_of(event, mentioned))

    def _new_event(self, using: str) -> TicketEvent:
        """Find the event of the ticket's creation; tickets of old may have none."""
        events = TicketEvent.objects.using(using)
        event = events.filter(ticket=self.obj, type=TicketEventType.NEW).first()
        if event is None:
            event = events.record(
                ticket=self.obj,
                is_new=True,
                actor=self.obj.created_by,
                changes=self.obj.initial_values(),
            )
        return event
