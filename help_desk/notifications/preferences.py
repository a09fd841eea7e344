"""What people want to be told of, where they have said so."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from help_desk.enums import EmailFrequency
from help_desk.models import EmailSchedule, NotificationPreference
from help_desk.notifications.rules import rules

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from help_desk.enums import NotificationKind, Role

MORNING_HOUR = 8
"""When daily e-mail is due, in the site's time zone."""


class NotificationPreferences:
    """The wishes of some people, read at once."""

    def __init__(self, user_ids: Iterable[Any], using: str) -> None:
        """Read them.

        Args:
            user_ids: Keys of the accounts.
            using: Alias of the database.
        """
        ids = list(user_ids)
        self._rules = rules()
        self._wanted: dict[tuple[Any, str], dict[str, bool]] = defaultdict(dict)
        rows = NotificationPreference.objects.using(using).filter(user_id__in=ids)
        for user_id, kind, channel, enabled in rows.values_list(
            "user_id", "kind", "channel", "enabled"
        ):
            self._wanted[user_id, kind][channel] = enabled
        schedules = EmailSchedule.objects.using(using).filter(user_id__in=ids)
        self._frequencies = dict(schedules.values_list("user_id", "frequency"))

    def channels(
        self, user_id: Any, kinds: Iterable[NotificationKind], roles: Iterable[Role]
    ) -> set[str]:
        """Say by which channels somebody hears of an event.

        Args:
            user_id: Key of the account; None for an address without one.
            kinds: What the event is.
            roles: What the person is to the ticket.

        Returns:
            Names of channels: those of the rules for any of kinds and roles, less those
            that the person does not want, and those that they want besides. A wish
            counts only where the rules concern one of the person's roles at all.
        """
        channels: set[str] = set()
        for kind in kinds:
            by_role = self._rules[kind]
            ruled = [by_role[role] for role in roles if by_role[role]]
            if not ruled:
                continue
            of_kind = set().union(*ruled)
            for channel, enabled in self._wanted.get((user_id, kind), {}).items():
                (of_kind.add if enabled else of_kind.discard)(channel)
            channels |= of_kind
        return channels

    def email_due(self, user_id: Any, now: datetime, not_before: datetime) -> datetime:
        """Say when e-mail to somebody is due.

        Args:
            user_id: Key of the account; None for an address without one.
            now: The moment of writing.
            not_before: When it is due at the earliest where it is not due by the hour or
                the day.

        Returns:
            Now or a little later; or the end of the hour; or the next morning.
        """
        frequency = self._frequencies.get(user_id, EmailFrequency.IMMEDIATE)
        if frequency == EmailFrequency.HOURLY:
            return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if frequency == EmailFrequency.DAILY:
            return _next_morning(now)
        return max(now, not_before)


def opt_outs(user_ids: Iterable[Any], using: str) -> set[tuple[Any, str, str]]:
    """Find what some people have said that they do not want.

    Args:
        user_ids: Keys of the accounts.
        using: Alias of the database.

    Returns:
        Key of the account, kind and channel of each.
    """
    rows = NotificationPreference.objects.using(using).filter(
        user_id__in=list(user_ids), enabled=False
    )
    return set(rows.values_list("user_id", "kind", "channel"))


def digest_recipients(user_ids: Iterable[Any]) -> set[Any]:
    """Find who of some people wants e-mail by the hour or the day.

    Args:
        user_ids: Keys of the accounts.

    Returns:
        Keys of accounts.
    """
    schedules = EmailSchedule.objects.filter(user_id__in=list(user_ids))
    return set(
        schedules.exclude(frequency=EmailFrequency.IMMEDIATE).values_list("user_id", flat=True)
    )


def _next_morning(now: datetime) -> datetime:
    # Not the zone that is active: that is the one of whoever wrote, if the host has such.
    zone = timezone.get_default_timezone()
    local = timezone.localtime(now, zone) if timezone.is_aware(now) else now
    morning = local.replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)
