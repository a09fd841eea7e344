"""What the sender of a request may do; views and templates share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.auth import policy

if TYPE_CHECKING:
    from django.http import HttpRequest

    from help_desk.models import HelpDeskTicket
    from help_desk.querysets import HelpDeskTicketQuerySet, TicketEventQuerySet


class BaseHelpDeskAuthController:
    """Answers for one request; made anew for each."""

    def __init__(self, request: HttpRequest) -> None:
        """Bind the controller.

        Args:
            request: A request with `user`.
        """
        self.request = request

    def can_add(self) -> bool:
        """Whether tickets may be filed."""
        return policy.may(self.request.user, "add")

    def can_change(self) -> bool:
        """Whether tickets may be edited."""
        return policy.may(self.request.user, "change")

    def can_delete(self) -> bool:
        """Whether tickets may be deleted."""
        return policy.may(self.request.user, "delete")

    def can_view(self) -> bool:
        """Whether every ticket may be seen."""
        return policy.may(self.request.user, "view")

    def can_view_list(self) -> bool:
        """Whether there may be tickets to see: every one, or one's own."""
        return policy.may_view_some(self.request.user)

    def can_see_internal(self) -> bool:
        """Whether internal notes may be read and written."""
        return policy.may_see_internal(self.request.user)

    def can_view_ticket(self, ticket: HelpDeskTicket) -> bool:
        """Whether this ticket may be seen.

        Args:
            ticket: The ticket.
        """
        return policy.may_view(self.request.user, ticket)

    def visible_events(self) -> TicketEventQuerySet:
        """The events that may be known of where the ticket may be seen."""
        return policy.visible_events(self.request.user)

    def visible_tickets(self) -> HelpDeskTicketQuerySet:
        """The tickets that may be seen; deleted ones are never among them."""
        return policy.visible_tickets(self.request.user)
