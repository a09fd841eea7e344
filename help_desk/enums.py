"""What can happen to a ticket."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TicketEventType(models.TextChoices):
    """The kinds of ticket event; an activation, a deletion or an assignment is an update."""

    NEW = "new", _("Created")
    UPDATE = "update", _("Changed")
    COMMENT = "comment", _("Commented")
