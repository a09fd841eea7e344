"""The values of tickets' and notifications' fields."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HelpDeskTicketPurposeChoices(models.TextChoices):
    """What a ticket is about."""

    APP = "app", _("App")
    COMPANY = "comp", _("Company")


class HelpDeskTicketPriorityChoices(models.TextChoices):
    """How urgently a ticket needs attention, from low to urgent."""

    LOW = "low", _("Low")
    MEDIUM = "med", _("Medium")
    HIGH = "high", _("High")
    URGENT = "urge", _("Urgent")


class HelpDeskTicketStatusChoices(models.TextChoices):
    """Where a ticket is in its lifecycle."""

    READY = "read", _("Ready")
    INPROGRESS = "prog", _("In Progress")
    DONE = "done", _("Done")


class NotificationStatusChoices(models.TextChoices):
    """The state of one notification."""

    WAITING = "wait", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "fail", _("Failed")
    SKIPPED = "skip", _("Skipped")


TICKET_CHOICES: dict[str, type[models.TextChoices]] = {
    "purpose": HelpDeskTicketPurposeChoices,
    "priority": HelpDeskTicketPriorityChoices,
    "status": HelpDeskTicketStatusChoices,
}
"""Field name to choices."""
