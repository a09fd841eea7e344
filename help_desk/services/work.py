"""Working on a ticket: who has it, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.auth import policy
from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.services.versions import VersionMethods

if TYPE_CHECKING:
    from help_desk.host_types import Account
    from help_desk.models import HelpDeskTicket


class WorkMethods(VersionMethods):
    """Assignment and status."""

    def assign(self, to: Account | None, by: Account | None) -> HelpDeskTicket:
        """Give the ticket to somebody, or release it.

        Args:
            to: An active account that holds the change permission; None to release.
            by: Who does so, where known.

        Returns:
            The ticket.

        Raises:
            ValidationError: For `assigned_to`, if that person may not change tickets; or
                the ticket was deleted.
        """
        self._validate_assignee(to)
        with self._locked() as ticket:
            self._refuse_deleted(ticket)
            ticket.assigned_to = to
            self._save(ticket, by)
        return self.obj

    def start(self, by: Account | None) -> HelpDeskTicket:
        """Set the ticket in progress.

        With the setting `ASSIGN_ON_START`, a ticket that nobody has is given to whoever
        starts it, if that person may change tickets.

        Args:
            by: Who does so, where known.

        Returns:
            The ticket.

        Raises:
            ValidationError: The ticket was deleted.
        """
        return self._set_status(HelpDeskTicketStatusChoices.INPROGRESS, by)

    def complete(self, by: Account | None) -> HelpDeskTicket:
        """Set the ticket done.

        Args:
            by: Who does so, where known.

        Returns:
            The ticket.

        Raises:
            ValidationError: The ticket was deleted.
        """
        return self._set_status(HelpDeskTicketStatusChoices.DONE, by)

    def reopen(self, by: Account | None) -> HelpDeskTicket:
        """Make a ticket that was done ready again.

        Args:
            by: Who does so, where known.

        Returns:
            The ticket.

        Raises:
            ValidationError: The ticket was deleted.
        """
        return self._set_status(HelpDeskTicketStatusChoices.READY, by)

    def _set_status(
        self, status: HelpDeskTicketStatusChoices, by: Account | None
    ) -> HelpDeskTicket:
        with self._locked() as ticket:
            self._refuse_deleted(ticket)
            self._put_status(ticket, status, by)
            self._save(ticket, by)
        return self.obj

    def _put_status(self, ticket: HelpDeskTicket, status: str, by: Account | None) -> None:
        before, ticket.status = ticket.status, status
        self._assign_on_start(ticket, before, by)

    def _assign_on_start(self, ticket: HelpDeskTicket, before: str, by: Account | None) -> None:
        """Give a ticket that was started to whoever did so, if the setting says so."""
        is_started = ticket.status == HelpDeskTicketStatusChoices.INPROGRESS != before
        if (
            is_started
            and by is not None
            and ticket.assigned_to_id is None
            and help_desk_settings.ASSIGN_ON_START
            and policy.may(by, "change")
        ):
            ticket.assigned_to = by
