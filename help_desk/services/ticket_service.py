"""What the parts of a ticket's service have in common."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.utils.translation import gettext as _

from help_desk import signals
from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.models import HelpDeskTicket
from help_desk.services.notification_service import HelpDeskTicketNotificationService

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from help_desk.host_types import Account
    from help_desk.models import TicketComment


class TicketService:
    """A ticket, bound; how it is changed so that nothing is lost and people are told."""

    def __init__(self, obj: HelpDeskTicket) -> None:
        """Bind the service.

        Args:
            obj: The ticket that the methods act on.
        """
        self.obj = obj

    @property
    def notification(self) -> HelpDeskTicketNotificationService:
        """The service that tells people of this ticket."""
        return HelpDeskTicketNotificationService(self.obj)

    @property
    def _using(self) -> str:
        return router.db_for_write(HelpDeskTicket, instance=self.obj)

    @contextmanager
    def _locked(self) -> Iterator[HelpDeskTicket]:
        """Hold the ticket in a transaction and give it as it is now.

        What the caller's instance had unsaved does not count; afterwards it is as the
        ticket is.
        """
        tickets = HelpDeskTicket.objects.using(self._using)
        with transaction.atomic(using=self._using):
            if not tickets.lock(self.obj.pk):
                message = f"There is no ticket of the number {self.obj.pk}."
                raise HelpDeskTicket.DoesNotExist(message)
            ticket = tickets.select_related("created_by", "assigned_to").get(pk=self.obj.pk)
            yield ticket
        self._take_over(ticket)

    def _take_over(self, ticket: HelpDeskTicket) -> None:
        for field in HelpDeskTicket._meta.concrete_fields:
            setattr(self.obj, field.attname, getattr(ticket, field.attname))
        self.obj.tracker.set_saved_fields()
        self.obj.latest_event = ticket.latest_event

    def _save(
        self,
        ticket: HelpDeskTicket,
        by: Account | None,
        *,
        comment: TicketComment | None = None,
        mentioned: Collection[Any] = (),
        names: Sequence[str] | None = None,
    ) -> None:
        """Save what changed, tell people of it, and hosts."""
        ticket.save(actor=by, comment=comment)
        event = ticket.latest_event
        if event is None:
            return
        event.is_untold = True
        if names is not None:
            event.names = names
        ticket.services.notification.create_event_notifications(event, mentioned)
        # Not the caller's instance: that takes the new values over after the commit only.
        arguments = {"sender": HelpDeskTicket, "ticket": ticket, "event": event}
        if comment is not None:
            signals.send_after_commit(
                signals.ticket_commented, using=self._using, comment=comment, **arguments
            )
        if event.changes.keys() - {"text"}:
            signals.send_after_commit(signals.ticket_changed, using=self._using, **arguments)

    def _refuse_deleted(self, ticket: HelpDeskTicket) -> None:
        if ticket.is_deleted:
            raise ValidationError(
                _("%(ticket)s was deleted."), code="deleted", params={"ticket": ticket}
            )

    def _validate_assignee(self, to: Any) -> None:
        if to is None:
            return
        user_model = HelpDeskTicket._meta.get_field("assigned_to").related_model
        is_account = isinstance(to, user_model) and to.pk is not None
        if not is_account or not holders(policy.permission("change"), self._using, {to.pk}):
            raise ValidationError(
                {
                    "assigned_to": ValidationError(
                        _("A ticket is given to somebody who may change tickets."),
                        code="invalid_assignee",
                    )
                }
            )
