"""The latest run of each source of deliveries."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeliveryRun(models.Model):
    """The latest run of one source (the command, the task); one row per source."""

    source = models.CharField(max_length=16, unique=True, verbose_name=_("Source"))
    finished_datetime = models.DateTimeField(verbose_name=_("Finished"))
    next_run_datetime = models.DateTimeField(
        null=True,
        blank=True,
        verbose_name=_("Next run"),
        help_text=_("When the next task is scheduled."),
    )
    sent = models.PositiveIntegerField(default=0, verbose_name=_("Sent"))
    retried = models.PositiveIntegerField(default=0, verbose_name=_("To retry"))
    failed = models.PositiveIntegerField(default=0, verbose_name=_("Failed"))
    deferred = models.PositiveIntegerField(default=0, verbose_name=_("Deferred"))
    skipped = models.PositiveIntegerField(default=0, verbose_name=_("Skipped"))

    class Meta:
        db_table = "django_spire_help_desk_delivery_run"
        default_permissions = ()
        verbose_name = _("Delivery run")
        verbose_name_plural = _("Delivery runs")

    def __str__(self) -> str:
        return f"{self.source} at {self.finished_datetime:%Y-%m-%d %H:%M:%S}"
