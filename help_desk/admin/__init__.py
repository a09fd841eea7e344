"""Admin pages: manage tickets; view comments, history and notifications."""

from __future__ import annotations

from help_desk.admin.comment import TicketCommentAdmin
from help_desk.admin.event import TicketEventAdmin
from help_desk.admin.notification import NotificationAdmin
from help_desk.admin.ticket import HelpDeskTicketAdmin
from help_desk.admin.unsubscribed_address import UnsubscribedAddressAdmin

__all__ = [
    "HelpDeskTicketAdmin",
    "NotificationAdmin",
    "TicketCommentAdmin",
    "TicketEventAdmin",
    "UnsubscribedAddressAdmin",
]
