"""The values that a ticket's and a notification's fields may have."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HelpDeskTicketPurposeChoices(models.TextChoices):
    """What a ticket is about."""

    APP = "app", _("App")
    COMPANY = "comp", _("Company")


class HelpDeskTicketPriorityChoices(models.TextChoices):
    """How urgently a ticket needs attention, least urgent first."""

    LOW = "low", _("Low")
    MEDIUM = "med", _("Medium")
    HIGH = "high", _("High")
    URGENT = "urge", _("Urgent")


class HelpDeskTicketStatusChoices(models.TextChoices):
    """Where a ticket is on its way to being resolved."""

    READY = "read", _("Ready")
    INPROGRESS = "prog", _("In Progress")
    DONE = "done", _("Done")


class NotificationStatusChoices(models.TextChoices):
    """What became of one notification."""

    WAITING = "wait", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "fail", _("Failed")
    SKIPPED = "skip", _("Skipped")
