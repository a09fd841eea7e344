"""Create forms that were submitted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class TicketSubmission(models.Model):
    """The token of a create form, and the ticket that a user created with it.

    It is written with the ticket, so a form that is submitted twice creates one ticket.
    """

    # No index of its own: the unique constraint begins with it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="+",
        verbose_name=_("User"),
    )
    token = models.UUIDField(verbose_name=_("Token"))
    ticket = models.ForeignKey(
        "django_spire_help_desk.HelpDeskTicket",
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("Ticket"),
    )
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Created"))

    class Meta:
        db_table = "django_spire_help_desk_ticket_submission"
        default_permissions = ()
        verbose_name = _("Submission")
        verbose_name_plural = _("Submissions")
        constraints = (
            # With the user, a token never leads to a ticket of someone else.
            models.UniqueConstraint(fields=["user", "token"], name="help_desk_submission_once"),
        )

    def __str__(self) -> str:
        return f"{self.token}: Ticket #{self.ticket_id}"
