"""Pauses of channels that are unavailable, shared by all processes.

Without them, every delivery would wait for a mail server that does not respond, and with
`after_commit` so would every user. A run reads the pauses once; healthy channels have none.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from help_desk.delivery import retry
from help_desk.delivery.retry import retry_on_db_error
from help_desk.models import ChannelPause
from help_desk.text.plain_text import storable

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet


class Pauses:
    """The pauses that a run observes, starts and ends."""

    def __init__(self, using: str, *, is_observed: bool = True) -> None:
        """Do not observe the pauses of other runs if a person or a program asked to send now."""
        self._using = using
        self._is_observed = is_observed
        self._tried: set[str] = set()
        """The channels with a pause that this run uses nevertheless."""

    @property
    def _table(self) -> QuerySet[ChannelPause]:
        return ChannelPause.objects.using(self._using)

    @cached_property
    def _until(self) -> dict[str, datetime]:
        rows = self._table.values_list("channel", "until_datetime")
        return retry_on_db_error(lambda: dict(rows.all()))

    @cached_property
    def blocked(self) -> set[str]:
        """The names of the channels that this run must not use."""
        now = timezone.now()
        return {name for name, until in self._until.items() if self._is_observed and until > now}

    def permit(self, channel: str) -> bool:
        """Return whether the run may use a channel; after a pause, one run tries it first."""
        if channel in self.blocked:
            return False
        if channel not in self._until or channel in self._tried:
            return True
        # Each run that read the same date updates it; one of them changes the row.
        row = self._table.filter(channel=channel)
        if self._is_observed:
            row = row.filter(until_datetime=self._until[channel])
        until = timezone.now() + retry.CHANNEL_PAUSE
        is_first = retry_on_db_error(lambda: row.update(until_datetime=until))
        if self._is_observed and not is_first:
            self.blocked.add(channel)
            return False
        self._tried.add(channel)
        return True

    def start(self, channel: str, error: str) -> None:
        """Pause a channel that is unavailable."""
        now = timezone.now()
        values = {"until_datetime": now + retry.CHANNEL_PAUSE, "error": storable(error, "\ufffd")}

        def write() -> None:
            if not self._table.filter(channel=channel).update(**values):
                # Another run may insert the row at the same time; either of them is correct.
                row = ChannelPause(channel=channel, started_datetime=now, **values)
                self._table.bulk_create([row], ignore_conflicts=True)

        retry_on_db_error(write)
        self.blocked.add(channel)

    def end(self, channel: str) -> None:
        """End the pause of a channel that works again."""
        if channel in self._tried:
            retry_on_db_error(self._table.filter(channel=channel).delete)
            self._tried.remove(channel)
            del self._until[channel]
