"""What becomes of a row after an attempt: done, again later, or given up."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from help_desk.channels.base import SendResult
    from help_desk.models import Notification

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=6)
PAUSE = timedelta(minutes=1)
"""How long rows wait for a channel that is unavailable."""
GIVE_UP_AFTER = timedelta(days=3)
MIN_ATTEMPTS = 5
"""A server that was away for days may first ask to come again; no row is given up for that."""


def transitions(
    outcome: SendResult,
) -> Iterator[tuple[str, Sequence[Notification], dict[str, Any]]]:
    """Say what to write down about an outcome.

    Args:
        outcome: What became of one message.

    Yields:
        The counter of the report, rows, and their new values.
    """
    now = timezone.now()
    rows = outcome.notifications
    values: dict[str, Any] = {"lease": None, "error": storable(outcome.error)}
    if outcome.is_postponed:
        yield "postponed", rows, values | {"due_datetime": now + _jitter(PAUSE)}
        return
    values["attempts"] = F("attempts") + 1
    done = values | {"due_datetime": None}
    if not outcome.error:
        sent = {"status": NotificationStatusChoices.SENT, "sent_datetime": now}
        yield "sent", rows, done | sent
        return
    given_up = [row for row in rows if outcome.is_permanent or _is_hopeless(row, now)]
    if given_up:
        yield "failed", given_up, done | {"status": NotificationStatusChoices.FAILED}
    others = [row for row in rows if row not in given_up]
    if others:
        # A message of several rows goes out again as one, as soon as the newest wants.
        attempts = min(row.attempts for row in others)
        yield "retried", others, values | {"due_datetime": now + backoff(attempts)}


def _is_hopeless(row: Notification, now: datetime) -> bool:
    wanted = row.scheduled_datetime or row.created_datetime
    return now - wanted > GIVE_UP_AFTER and row.attempts + 1 >= MIN_ATTEMPTS


def backoff(attempts: int) -> timedelta:
    """Say how long to wait before the next attempt.

    Args:
        attempts: How many attempts there were before the one that just failed.

    Returns:
        A time that doubles from attempt to attempt up to a limit, give or take a fifth,
        so that rows that failed together do not come back together.
    """
    return _jitter(min(FIRST_RETRY * 2 ** min(attempts, 16), LAST_RETRY))


def _jitter(time: timedelta) -> timedelta:
    return time * random.uniform(0.8, 1.2)


def storable(error: str) -> str:
    """Replace what a database cannot store; an error may quote a server, which says anything.

    Args:
        error: What went wrong.

    Returns:
        The text without NUL and lone surrogates.
    """
    return error.replace("\x00", "�").encode(errors="replace").decode()
