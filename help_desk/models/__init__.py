"""The help desk's tables."""

from help_desk.models.channel_pause import ChannelPause
from help_desk.models.comment import TicketComment
from help_desk.models.delivery_run import DeliveryRun
from help_desk.models.event import TicketEvent
from help_desk.models.follower import TicketFollower
from help_desk.models.notification import Notification
from help_desk.models.preference import (
    EmailSchedule,
    NotificationPreference,
    UnsubscribedAddress,
)
from help_desk.models.submission import TicketSubmission
from help_desk.models.ticket import HelpDeskTicket, restore_on_error

__all__ = [
    "ChannelPause",
    "DeliveryRun",
    "EmailSchedule",
    "HelpDeskTicket",
    "Notification",
    "NotificationPreference",
    "TicketComment",
    "TicketEvent",
    "TicketFollower",
    "TicketSubmission",
    "UnsubscribedAddress",
    "restore_on_error",
]
