"""Email schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from help_desk.enums import EmailFrequency

if TYPE_CHECKING:
    from collections.abc import Iterable

    from help_desk.models.preference import EmailSchedule


class EmailScheduleQuerySet(models.QuerySet["EmailSchedule"]):
    """How often users get email."""

    def digest_recipients(self, user_ids: Iterable[Any]) -> set[Any]:
        """Return the IDs of those users who get an hourly or daily digest."""
        schedules = self.filter(user_id__in=list(user_ids))
        schedules = schedules.exclude(frequency=EmailFrequency.IMMEDIATE)
        return set(schedules.values_list("user_id", flat=True))
