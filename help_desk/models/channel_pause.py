"""The channels that are unavailable."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChannelPause(models.Model):
    """A channel that was unavailable, so that no process waits for it; one row per channel.

    The row is deleted when the channel works again.
    """

    channel = models.CharField(max_length=32, unique=True, verbose_name=_("Channel"))
    started_datetime = models.DateTimeField(verbose_name=_("Started"))
    until_datetime = models.DateTimeField(
        verbose_name=_("Until"), help_text=_("When a delivery run may try the channel again.")
    )
    error = models.TextField(blank=True, verbose_name=_("Error"))

    class Meta:
        db_table = "django_spire_help_desk_channel_pause"
        default_permissions = ()
        verbose_name = _("Channel pause")
        verbose_name_plural = _("Channel pauses")

    def __str__(self) -> str:
        return f"{self.channel} until {self.until_datetime:%Y-%m-%d %H:%M:%S}"
