"""What the user of a request can do; views and templates share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.auth import policy

if TYPE_CHECKING:
    from django.http import HttpRequest

    from help_desk.models import HelpDeskTicket
    from help_desk.querysets import HelpDeskTicketQuerySet, TicketEventQuerySet


class BaseHelpDeskAuthController:
    """The permissions of the user of one request."""

    def __init__(self, request: HttpRequest) -> None:
        """Bind the controller to a request.

        Args:
            request: A request with `user`.
        """
        self.request = request

    def can_add(self) -> bool:
        """Return whether the user can create tickets."""
        return policy.can(self.request.user, "add")

    def can_change(self) -> bool:
        """Return whether the user can change tickets."""
        return policy.can(self.request.user, "change")

    def can_delete(self) -> bool:
        """Return whether the user can delete tickets."""
        return policy.can(self.request.user, "delete")

    def can_view(self) -> bool:
        """Return whether the user can view all tickets."""
        return policy.can(self.request.user, "view")

    def can_view_list(self) -> bool:
        """Return whether the user can view the list: all tickets, or their own."""
        return policy.can_view_list(self.request.user)

    def can_see_internal(self) -> bool:
        """Return whether the user can read and write internal notes."""
        return policy.can_see_internal(self.request.user)

    def can_view_ticket(self, ticket: HelpDeskTicket) -> bool:
        """Return whether the user can view a ticket.

        Args:
            ticket: The ticket.

        Returns:
            True with the view permission, or for the creator's own ticket if the setting
            `CREATORS_SEE_OWN_TICKETS` is on.
        """
        return policy.can_view_ticket(self.request.user, ticket)

    def visible_events(self) -> TicketEventQuerySet:
        """Return the events that the user can see, provided that they can view the ticket."""
        return policy.visible_events(self.request.user)

    def visible_tickets(self) -> HelpDeskTicketQuerySet:
        """Return the tickets that the user can view, without deleted ones."""
        return policy.visible_tickets(self.request.user)
