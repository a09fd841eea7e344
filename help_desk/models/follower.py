"""Subscriptions to single tickets."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class TicketFollower(models.Model):
    """One user who follows one ticket, or has muted it.

    Creator and assignee are notified without such a row.
    """

    ticket = models.ForeignKey(
        "django_spire_help_desk.HelpDeskTicket",
        on_delete=models.CASCADE,
        related_name="followers",
        related_query_name="follower",
        verbose_name=_("Ticket"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="followed_help_desk_tickets",
        related_query_name="followed_help_desk_ticket",
        verbose_name=_("User"),
    )
    is_muted = models.BooleanField(default=False, verbose_name=_("Muted"))

    class Meta:
        db_table = "django_spire_help_desk_ticket_follower"
        default_permissions = ()
        verbose_name = _("Follower")
        verbose_name_plural = _("Followers")
        constraints = (
            models.UniqueConstraint(
                fields=["ticket", "user"], name="help_desk_follower_once_per_ticket"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {'mutes' if self.is_muted else 'follows'} #{self.ticket_id}"
