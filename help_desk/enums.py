"""Types of events, kinds of notifications, roles and email frequencies."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TicketEventType(models.TextChoices):
    """The types of ticket event; an assignment or a deletion is an update."""

    NEW = "new", _("Created")
    UPDATE = "update", _("Changed")
    COMMENT = "comment", _("Commented")


class NotificationKind(models.TextChoices):
    """The kinds of event that users can be notified of; one event may be of several kinds."""

    NEW = "new", _("New tickets")
    REPLY = "reply", _("Replies")
    NOTE = "note", _("Internal notes")
    ASSIGNMENT = "assignment", _("Assignments")
    STATUS = "status", _("Status changes")
    PRIORITY = "priority", _("Priority changes")
    MENTION = "mention", _("Mentions of me")


class Role(models.TextChoices):
    """A user's roles for a ticket."""

    CREATOR = "creator", _("Creator")
    ASSIGNEE = "assignee", _("Assignee")
    FOLLOWER = "follower", _("Follower")
    MANAGER = "manager", _("Manager")
    DEVELOPER = "developer", _("Developer")
    MENTIONED = "mentioned", _("Mentioned")


class EmailFrequency(models.TextChoices):
    """How often a user gets email."""

    IMMEDIATE = "once", _("Immediately")
    HOURLY = "hour", _("Hourly digest")
    DAILY = "day", _("Daily digest")
