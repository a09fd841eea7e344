"""What one can ask of tickets, their events, comments and notifications."""

from __future__ import annotations

from help_desk.querysets.comment import TicketCommentQuerySet
from help_desk.querysets.event import TicketEventQuerySet
from help_desk.querysets.notification import IN_APP, NotificationQuerySet
from help_desk.querysets.ticket import HelpDeskTicketQuerySet

__all__ = [
    "IN_APP",
    "HelpDeskTicketQuerySet",
    "NotificationQuerySet",
    "TicketCommentQuerySet",
    "TicketEventQuerySet",
]
