"""The state of a row after an attempt, and the retries of failed database statements."""

from __future__ import annotations

import logging
import random
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import DatabaseError, Error, InterfaceError, connections
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices
from help_desk.text.plain_text import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from help_desk.channels import SendResult
    from help_desk.models import Notification

    Result = TypeVar("Result")

logger = logging.getLogger(__name__)

DATABASE_ERRORS = (DatabaseError, InterfaceError)

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=6)
CHANNEL_PAUSE = timedelta(minutes=1)
"""How long a channel that is unavailable is not used, and the rows that it was given wait."""
GIVE_UP_AFTER = timedelta(days=3)
MIN_ATTEMPTS = 5
"""A row does not fail before this many attempts: the first reply after a long outage may be a
temporary error."""
RETRY_DELAYS = (0.0, 0.2, 1.0, 3.0)
"""Seconds between the attempts of a database statement: the victim of a deadlock can repeat it
at once, and a server that restarts is back in a few seconds."""


def transitions(
    result: SendResult,
) -> Iterator[tuple[str, Sequence[Notification], dict[str, Any]]]:
    """Yield the report's counter, the rows, and their new values for a result."""
    now = timezone.now()
    rows = result.notifications
    # An error may quote a server's response, which may contain any characters.
    values: dict[str, Any] = {"error": storable(result.error, "\ufffd")}
    if result.is_deferred:
        yield "deferred", rows, values | {"due_datetime": now + _jitter(CHANNEL_PAUSE)}
        return
    done = values | {"due_datetime": None}
    if not result.error:
        sent = {"status": NotificationStatusChoices.SENT, "sent_datetime": now}
        yield "sent", rows, done | sent
        return
    failed = [row for row in rows if result.is_permanent or _is_exhausted(row, now)]
    if failed:
        yield "failed", failed, done | {"status": NotificationStatusChoices.FAILED}
    others = [row for row in rows if row not in failed]
    if others:
        # Rows of one message are sent together again, as early as the newest row is due.
        attempts = min(row.attempts for row in others)
        yield "retried", others, values | {"due_datetime": now + backoff(attempts)}


def _is_exhausted(row: Notification, now: datetime) -> bool:
    since = row.scheduled_datetime or row.created_datetime
    return now - since > GIVE_UP_AFTER and row.attempts + 1 >= MIN_ATTEMPTS


def backoff(attempts: int) -> timedelta:
    """Return the delay before the next attempt; it doubles up to a limit."""
    return _jitter(min(FIRST_RETRY * 2 ** min(attempts, 16), LAST_RETRY))


def _jitter(delay: timedelta) -> timedelta:
    """Vary a delay by a fifth, so that rows that failed together do not return together."""
    return delay * random.uniform(0.8, 1.2)  # noqa: S311 -- not a secret


def retry_on_db_error(action: Callable[[], Result]) -> Result:
    """Run a statement or transaction that can be repeated; retry it if the database fails.

    The action may already have taken effect when it is repeated: if a connection is cut, the
    answer of the server is lost.
    """
    for delay in RETRY_DELAYS:
        try:
            return action()
        except DATABASE_ERRORS as error:
            logger.warning("Database error, retrying: %s", error)
            close_broken_connections()
            time.sleep(delay)
    return action()


def close_broken_connections() -> None:
    """Close connections after an error, so that the next query opens new ones."""
    # Also those that may still work: PyMySQL checks a connection by reconnecting, without the
    # settings of Django's session. Those in a transaction are left to it.
    for connection in connections.all(initialized_only=True):
        if connection.errors_occurred and not connection.in_atomic_block:
            # Some drivers refuse to close a connection that the server has closed. Django drops
            # it nevertheless.
            with suppress(Error):
                connection.close()
