"""What can happen to a ticket, and what people can be told of."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TicketEventType(models.TextChoices):
    """The kinds of ticket event; an activation, a deletion or an assignment is an update."""

    NEW = "new", _("Created")
    UPDATE = "update", _("Changed")
    COMMENT = "comment", _("Commented")


class NotificationKind(models.TextChoices):
    """What people can be told of; one event may be several of these."""

    NEW = "new", _("A new ticket")
    REPLY = "reply", _("A reply")
    NOTE = "note", _("An internal note")
    ASSIGNMENT = "assignment", _("An assignment")
    STATUS = "status", _("A change of status")
    PRIORITY = "priority", _("A change of priority")
    MENTION = "mention", _("A mention of me")


class Role(models.TextChoices):
    """What a person is to a ticket."""

    CREATOR = "creator", _("Creator")
    ASSIGNEE = "assignee", _("Assignee")
    FOLLOWER = "follower", _("Follower")
    MANAGER = "manager", _("Manager")
    DEVELOPER = "developer", _("Developer")
    MENTIONED = "mentioned", _("Mentioned")


class EmailFrequency(models.TextChoices):
    """How often a person gets e-mail."""

    IMMEDIATE = "once", _("At once")
    HOURLY = "hour", _("Every hour, in one e-mail")
    DAILY = "day", _("Every morning, in one e-mail")
