"""The querysets of tickets, events, comments, notifications and email schedules."""

from __future__ import annotations

from help_desk.querysets.comment import TicketCommentQuerySet
from help_desk.querysets.event import TicketEventQuerySet
from help_desk.querysets.notification import IN_APP, NotificationQuerySet
from help_desk.querysets.preference import EmailScheduleQuerySet
from help_desk.querysets.ticket import HelpDeskTicketQuerySet

__all__ = [
    "IN_APP",
    "EmailScheduleQuerySet",
    "HelpDeskTicketQuerySet",
    "NotificationQuerySet",
    "TicketCommentQuerySet",
    "TicketEventQuerySet",
]
