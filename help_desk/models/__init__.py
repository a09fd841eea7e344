"""The help desk's tables."""

from help_desk.models.event import TicketEvent
from help_desk.models.notification import Notification
from help_desk.models.ticket import HelpDeskTicket

__all__ = ["HelpDeskTicket", "Notification", "TicketEvent"]
