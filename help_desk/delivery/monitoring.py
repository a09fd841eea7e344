"""The state of the outbox, and whether notifications are sent in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.models import ChannelPause, DeliveryRun, Notification

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class OutboxStatus:
    """The state of the outbox.

    Attributes:
        waiting: Rows that are still to be sent, now or later.
        due: Those that are to be sent now and that no run has claimed.
        failed: Rows that failed permanently.
        max_delay: The delay of the most overdue row; None if no row is overdue.
        runs: The latest run of each source.
        pauses: The channels that are unavailable.
    """

    waiting: int
    due: int
    failed: int
    max_delay: timedelta | None
    runs: Sequence[DeliveryRun]
    pauses: Sequence[ChannelPause]

    def is_late(self, limit: timedelta) -> bool:
        """Whether the delay of a row exceeds the limit."""
        return self.max_delay is not None and self.max_delay > limit


def max_delivery_delay() -> timedelta:
    """Return the setting `MAX_DELIVERY_DELAY`."""
    return timedelta(seconds=help_desk_settings.MAX_DELIVERY_DELAY)


def outbox_status(using: str) -> OutboxStatus:
    """Return the state of the outbox."""
    now = timezone.now()
    rows = Notification.objects.using(using)
    numbers = rows.waiting().aggregate(
        waiting=Count("pk"), due=Count("pk", filter=Q(due_datetime__lte=now))
    )
    return OutboxStatus(
        waiting=numbers["waiting"],
        due=numbers["due"],
        failed=rows.filter(status=NotificationStatusChoices.FAILED).count(),
        max_delay=max_delay(using, now),
        runs=list(DeliveryRun.objects.using(using).order_by("source")),
        pauses=list(ChannelPause.objects.using(using).order_by("channel")),
    )


def max_delay(using: str, now: datetime) -> timedelta | None:
    """Return the delay of the most overdue row since its first date; None if none is overdue."""
    rows = Notification.objects.using(using).waiting()
    since: datetime | None = rows.aggregate(
        since=Min(Coalesce("scheduled_datetime", "created_datetime"))
    )["since"]
    return now - since if since is not None and since <= now else None
