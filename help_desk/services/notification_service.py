"""The service `ticket.services.notification`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import router, transaction

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketEvent
from help_desk.notifications import planner
from help_desk.services.flows.notify import notify

if TYPE_CHECKING:
    from help_desk.models import Notification


class HelpDeskTicketNotificationService:
    """Writes notifications; reached as `ticket.services.notification`."""

    def __init__(self, obj: HelpDeskTicket) -> None:
        """Bind the service.

        Args:
            obj: The ticket.
        """
        self.obj = obj

    def create_new_ticket_notifications(self) -> list[Notification]:
        """Notify developers and managers of the new ticket.

        `ticket.services.create()` calls it. Call it for tickets that were saved without the
        service; users who were already notified are not notified again.

        Returns:
            The notifications that were written.
        """
        using = router.db_for_write(TicketEvent, instance=self.obj)
        with transaction.atomic(using=using):
            # Concurrent calls for one ticket wait for each other.
            HelpDeskTicket.objects.using(using).get_for_update(self.obj.pk)
            event = self._creation_event(using)
            return notify(event, already_notified=planner.already_notified(event))

    def _creation_event(self, using: str) -> TicketEvent:
        """Return the ticket's NEW event; record one for tickets that were taken over."""
        events = TicketEvent.objects.using(using)
        event = events.filter(ticket=self.obj, type=TicketEventType.NEW).first()
        return event or events.record(
            ticket=self.obj,
            type=TicketEventType.NEW,
            actor=self.obj.created_by,
            changes=self.obj.initial_values(),
        )
