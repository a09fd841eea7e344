"""The preferences of recipients: kinds of event, channels and email frequency."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from help_desk.enums import EmailFrequency, NotificationKind
from help_desk.models import EmailSchedule, NotificationPreference
from help_desk.notifications.rules import rules

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from help_desk.channels import Recipient

    KindsByChannel = dict[str, list[str]]

EMAIL = "email"

DIGEST_HOUR = 8
"""When daily digests are due, in the site's time zone."""


class NotificationPreferences:
    """The preferences of several recipients, read at once, on top of the rules."""

    def __init__(self, user_ids: Iterable[Any], using: str) -> None:
        ids = list(user_ids)
        self._rules = rules()
        self._enabled: dict[tuple[Any, str], dict[str, bool]] = defaultdict(dict)
        rows = NotificationPreference.objects.using(using).filter(user_id__in=ids)
        for user_id, kind, channel, enabled in rows.values_list(
            "user_id", "kind", "channel", "enabled"
        ):
            self._enabled[user_id, kind][channel] = enabled
        schedules = EmailSchedule.objects.using(using).filter(user_id__in=ids)
        self._frequencies = dict(schedules.values_list("user_id", "frequency"))

    def kinds_by_channel(
        self, recipient: Recipient, kinds: Iterable[NotificationKind]
    ) -> KindsByChannel:
        """Return the channels that notify a recipient, each with the kinds that it is for."""
        result: dict[str, list[str]] = defaultdict(list)
        for kind in sorted(kinds):
            by_role = self._rules[kind]
            channels = set().union(*(by_role[role] for role in recipient.roles))
            if not channels:
                continue
            for channel, enabled in self._enabled.get((recipient.user_id, kind), {}).items():
                (channels.add if enabled else channels.discard)(channel)
            for channel in channels:
                result[channel].append(str(kind))
        return result

    def emails_immediately(self, recipient: Recipient, kinds_by_channel: KindsByChannel) -> bool:
        """Return whether a recipient is emailed a new ticket, and not in a digest."""
        frequency = self._frequencies.get(recipient.user_id, EmailFrequency.IMMEDIATE)
        is_enabled = NotificationKind.NEW in kinds_by_channel.get(EMAIL, ())
        return is_enabled and frequency == EmailFrequency.IMMEDIATE

    def email_due(self, user_id: Any, now: datetime, not_before: datetime) -> datetime:
        """Return when email to a user is due."""
        frequency = self._frequencies.get(user_id, EmailFrequency.IMMEDIATE)
        if frequency == EmailFrequency.HOURLY:
            return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if frequency == EmailFrequency.DAILY:
            return _next_digest(now)
        return max(now, not_before)


def opt_outs(user_ids: Iterable[Any], using: str) -> set[tuple[Any, str, str]]:
    """Return the (user ID, kind, channel) triples that users opted out of."""
    rows = NotificationPreference.objects.using(using).filter(
        user_id__in=list(user_ids), enabled=False
    )
    return set(rows.values_list("user_id", "kind", "channel"))


def _next_digest(now: datetime) -> datetime:
    # The site's time zone: the active one belongs to the actor, not to the recipient.
    zone = timezone.get_default_timezone()
    local = timezone.localtime(now, zone) if timezone.is_aware(now) else now
    due = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return due if due > local else due + timedelta(days=1)
