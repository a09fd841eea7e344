"""Notifications: the inbox and the outbox."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from help_desk.choices import NotificationStatusChoices
from help_desk.models.append_only import AppendOnlyModel
from help_desk.models.event import TicketEvent
from help_desk.querysets import NotificationQuerySet


class Notification(AppendOnlyModel):
    """One recipient (or address) notified of one event through one channel.

    The row is the inbox entry and the outbox entry at once. Its text is rendered from the
    event when it is shown or sent.
    """

    event = models.ForeignKey(
        TicketEvent,
        on_delete=models.CASCADE,
        related_name="notifications",
        related_query_name="notification",
        verbose_name=_("Event"),
    )
    # A user's notifications are deleted with the user.
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="help_desk_notifications",
        related_query_name="help_desk_notification",
        verbose_name=_("Recipient"),
    )
    address = models.CharField(  # noqa: DJ001 -- unique: many nulls are allowed, empty texts are not
        max_length=500, null=True, blank=True, verbose_name=_("Address")
    )
    channel = models.CharField(max_length=32, verbose_name=_("Channel"))
    kinds = models.JSONField(
        default=list,
        blank=True,
        verbose_name=_("Kinds"),
        help_text=_("The kinds of event for which the recipient gets it through this channel."),
    )
    status = models.CharField(
        max_length=4, choices=NotificationStatusChoices, verbose_name=_("Status")
    )
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Created"))
    read_datetime = models.DateTimeField(null=True, blank=True, verbose_name=_("Read"))
    due_datetime = models.DateTimeField(
        null=True,
        blank=True,
        verbose_name=_("Due"),
        help_text=_("When to send it next. Empty when there is nothing more to do."),
    )
    scheduled_datetime = models.DateTimeField(
        null=True,
        blank=True,
        verbose_name=_("Scheduled"),
        help_text=_("When it was to be sent first. From then on it is late."),
    )
    lease = models.UUIDField(
        null=True,
        blank=True,
        verbose_name=_("Lease"),
        help_text=_("The delivery run that holds it until it is due."),
    )
    attempts = models.PositiveSmallIntegerField(default=0, verbose_name=_("Attempts"))
    error = models.TextField(blank=True, verbose_name=_("Error"))
    sent_datetime = models.DateTimeField(null=True, blank=True, verbose_name=_("Sent"))

    objects = NotificationQuerySet.as_manager()

    class Meta:
        db_table = "django_spire_help_desk_notification"
        default_permissions = ("view",)
        verbose_name = _("Notification")
        verbose_name_plural = _("Notifications")
        constraints = (
            models.UniqueConstraint(
                fields=["event", "channel", "recipient"],
                name="help_desk_notification_once_per_person",
            ),
            models.UniqueConstraint(
                fields=["event", "channel", "address"],
                name="help_desk_notification_once_per_address",
            ),
        )
        indexes = (
            # Serves the inbox and its unread count.
            models.Index(fields=["recipient", "channel", "read_datetime"], name="help_desk_inbox"),
            # Serves the claim of due rows; rows that are done have no due_datetime.
            models.Index(fields=["due_datetime"], name="help_desk_outbox_due"),
        )

    def __str__(self) -> str:
        return f"{self.channel} to {self.recipient_id or self.address}: event {self.event_id}"

    @property
    def is_read(self) -> bool:
        """Whether the recipient has read it."""
        return self.read_datetime is not None
