"""Whether what waits gets on its way, for whoever watches over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.models import DeliveryRun, Notification

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class OutboxStatus:
    """What waits at one moment.

    Attributes:
        waiting: Rows that are still to be sent, now or later.
        due: Those of them that are to be sent now and that no run holds.
        failed: Rows that were given up.
        oldest: For how long the row that is latest has been waiting beyond the moment at
            which it was to be sent first; None if none is late.
        runs: The latest run of each source.
    """

    waiting: int
    due: int
    failed: int
    oldest: timedelta | None
    runs: Sequence[DeliveryRun]

    def is_alarming(self, limit: timedelta) -> bool:
        """Say whether something waits too long.

        Args:
            limit: How long it may.
        """
        return self.oldest is not None and self.oldest > limit


def max_delivery_delay() -> timedelta:
    """Give the setting `MAX_DELIVERY_DELAY`.

    Returns:
        How long a row may wait beyond its time.
    """
    return timedelta(seconds=help_desk_settings.MAX_DELIVERY_DELAY)


def outbox_status(using: str) -> OutboxStatus:
    """Look at what waits.

    Args:
        using: Alias of the database.

    Returns:
        Numbers of this moment.
    """
    now = timezone.now()
    rows = Notification.objects.using(using)
    numbers = rows.waiting().aggregate(
        waiting=Count("pk"), due=Count("pk", filter=Q(due_datetime__lte=now))
    )
    return OutboxStatus(
        waiting=numbers["waiting"],
        due=numbers["due"],
        failed=rows.filter(status=NotificationStatusChoices.FAILED).count(),
        oldest=max_delay(using, now),
        runs=list(DeliveryRun.objects.using(using).order_by("source")),
    )


def max_delay(using: str, now: datetime) -> timedelta | None:
    """Find how late the latest row is, whether it was tried since or not.

    Args:
        using: Alias of the database.
        now: This moment.

    Returns:
        The time since it was to be sent first; None if no row is late.
    """
    rows = Notification.objects.using(using).waiting()
    since: datetime | None = rows.aggregate(
        since=Min(Coalesce("scheduled_datetime", "created_datetime"))
    )["since"]
    return now - since if since is not None and since <= now else None
