"""Subscriptions to single tickets."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
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
    # An index of `Meta` begins with it.
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("Added by"),
        help_text=_("Who mentioned the user. Empty for those who followed by themselves."),
    )
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Created"))

    class Meta:
        db_table = "django_spire_help_desk_ticket_follower"
        default_permissions = ()
        verbose_name = _("Follower")
        verbose_name_plural = _("Followers")
        indexes = (
            # Serves the limit of mentions: the followers that a user added in the last hour.
            # Also serves the deletion of a user.
            models.Index(
                fields=["added_by", "created_datetime"], name="help_desk_follower_by_adder"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["ticket", "user"], name="help_desk_follower_once_per_ticket"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {'mutes' if self.is_muted else 'follows'} #{self.ticket_id}"
