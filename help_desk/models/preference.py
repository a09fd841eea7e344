"""Notification preferences and email frequency of users, and addresses that unsubscribed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from help_desk.enums import EmailFrequency, NotificationKind
from help_desk.querysets import EmailScheduleQuerySet


class NotificationPreference(models.Model):
    """One user's deviation from the notification rules, for one kind of event and channel."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="help_desk_preferences",
        related_query_name="help_desk_preference",
        verbose_name=_("User"),
    )
    kind = models.CharField(
        max_length=10, choices=NotificationKind, verbose_name=_("Kind of event")
    )
    channel = models.CharField(max_length=32, verbose_name=_("Channel"))
    enabled = models.BooleanField(verbose_name=_("Enabled"))

    class Meta:
        db_table = "django_spire_help_desk_preference"
        default_permissions = ()
        verbose_name = _("Notification preference")
        verbose_name_plural = _("Notification preferences")
        constraints = (
            models.UniqueConstraint(
                fields=["user", "kind", "channel"], name="help_desk_preference_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind} by {self.channel}: {self.enabled}"


class EmailSchedule(models.Model):
    """How often one user gets email; without a row, immediately."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="help_desk_email_schedule",
        related_query_name="help_desk_email_schedule",
        verbose_name=_("User"),
    )
    frequency = models.CharField(
        max_length=4,
        choices=EmailFrequency,
        default=EmailFrequency.IMMEDIATE,
        verbose_name=_("Email frequency"),
    )

    objects = EmailScheduleQuerySet.as_manager()

    class Meta:
        db_table = "django_spire_help_desk_email_schedule"
        default_permissions = ()
        verbose_name = _("Email schedule")
        verbose_name_plural = _("Email schedules")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.get_frequency_display()}"


class UnsubscribedAddress(models.Model):
    """An address in `ADMINS` that gets no more emails about new tickets.

    Only the link in such an email writes it: its user can read the mailbox. A user with the
    address cannot unsubscribe it, because nobody has verified that the mailbox is theirs.
    """

    address = models.CharField(
        max_length=500,
        unique=True,
        verbose_name=_("Address"),
        help_text=_("Delete the row to send emails about new tickets to this address again."),
    )
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Created"))

    class Meta:
        db_table = "django_spire_help_desk_unsubscribed_address"
        default_permissions = ("view", "delete")
        verbose_name = _("Unsubscribed address")
        verbose_name_plural = _("Unsubscribed addresses")

    def __str__(self) -> str:
        return self.address
