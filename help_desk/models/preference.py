"""What a person wants to be told of, and how."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from help_desk.enums import EmailFrequency, NotificationKind


class NotificationPreference(models.Model):
    """One deviation of one person from what the rules say."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="help_desk_preferences",
        related_query_name="help_desk_preference",
        verbose_name=_("Person"),
    )
    kind = models.CharField(
        max_length=10, choices=NotificationKind, verbose_name=_("What happened")
    )
    channel = models.CharField(max_length=32, verbose_name=_("Channel"))
    enabled = models.BooleanField(verbose_name=_("Wanted"))

    class Meta:
        db_table = "django_spire_help_desk_preference"
        default_permissions = ()
        verbose_name = _("Notification Preference")
        verbose_name_plural = _("Notification Preferences")
        constraints = (
            models.UniqueConstraint(
                fields=["user", "kind", "channel"], name="help_desk_preference_once"
            ),
        )

    def __str__(self) -> str:
        """Say who wants what."""
        return f"{self.user_id}: {self.kind} by {self.channel}: {self.enabled}"


class EmailSchedule(models.Model):
    """How often one person gets e-mail, where that is not at once."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="help_desk_email_schedule",
        related_query_name="help_desk_email_schedule",
        verbose_name=_("Person"),
    )
    frequency = models.CharField(
        max_length=4,
        choices=EmailFrequency,
        default=EmailFrequency.IMMEDIATE,
        verbose_name=_("E-mail"),
    )

    class Meta:
        db_table = "django_spire_help_desk_email_schedule"
        default_permissions = ()
        verbose_name = _("E-Mail Schedule")
        verbose_name_plural = _("E-Mail Schedules")

    def __str__(self) -> str:
        """Say how often who gets e-mail."""
        return f"{self.user_id}: {self.get_rhythm_display()}"
