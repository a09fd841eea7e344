"""When something last delivered, for whoever watches over it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeliveryRun(models.Model):
    """The latest run of one source of deliveries; one row per source."""

    source = models.CharField(max_length=16, unique=True, verbose_name=_("Source"))
    finished_datetime = models.DateTimeField(verbose_name=_("Finished"))
    planned = models.JSONField(
        default=list,
        blank=True,
        verbose_name=_("Planned"),
        help_text=_("When tasks will come for what waits, in seconds since 1970."),
    )
    sent = models.PositiveIntegerField(default=0, verbose_name=_("Sent"))
    retried = models.PositiveIntegerField(default=0, verbose_name=_("To be tried again"))
    failed = models.PositiveIntegerField(default=0, verbose_name=_("Failed"))
    postponed = models.PositiveIntegerField(default=0, verbose_name=_("Postponed"))
    skipped = models.PositiveIntegerField(default=0, verbose_name=_("Skipped"))

    class Meta:
        db_table = "django_spire_help_desk_delivery_run"
        default_permissions = ()
        verbose_name = _("Delivery Run")
        verbose_name_plural = _("Delivery Runs")

    def __str__(self) -> str:
        """Say whose run it was, and when."""
        return f"{self.source} at {self.finished_datetime:%Y-%m-%d %H:%M:%S}"
