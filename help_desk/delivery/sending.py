"""Sending rows through a channel, whatever the channel returns or raises."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from help_desk.channels import ChannelUnavailableError, SendResult
from help_desk.delivery.retry import DATABASE_ERRORS, close_broken_connections

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from help_desk.channels import Channel
    from help_desk.delivery.pauses import Pauses
    from help_desk.models import Notification

    Rows = dict[int, Notification]

logger = logging.getLogger(__name__)

MAX_UNEXPECTED_ERRORS = 3
"""Unexpected errors after which a channel is treated as unavailable."""


def results(
    channel: Channel, rows: Iterable[Notification], pauses: Pauses
) -> Generator[SendResult]:
    """Send rows and yield one result per row; pause the channel if it is unavailable."""
    remaining = {row.pk: row for row in rows}
    for attempt in range(1, MAX_UNEXPECTED_ERRORS + 1):
        try:
            yield from _send(channel, remaining)
        except ChannelUnavailableError as error:
            logger.warning("Channel %s is unavailable: %s", channel.name, error)
            attempted = _take(remaining, error.attempted)
            yield from _give_up(channel, pauses, str(error), attempted, remaining)
            return
        except Exception as error:
            logger.exception("Channel %s failed.", channel.name)
            close_broken_connections()
            text = f"{type(error).__name__}: {error}"[:1000]
            if isinstance(error, DATABASE_ERRORS) and attempt == 1:
                # The connection may have been cut, which is no row's fault.
                continue
        else:
            return
        if attempt == MAX_UNEXPECTED_ERRORS:
            yield from _give_up(channel, pauses, text, [], remaining)
        # A host's channel may raise anything. It sends its rows in order, so the next row
        # caused it, unless it happens repeatedly.
        elif first := _take(remaining, list(remaining.values())[:1]):
            yield SendResult(notifications=first, error=text)


def _send(channel: Channel, remaining: Rows) -> Iterator[SendResult]:
    """Send rows, and remove each from `remaining` as soon as it has a result."""
    if not remaining:
        return
    for result in channel.send(list(remaining.values())):
        # A channel may yield a row twice, or one that it was not given.
        if rows := _take(remaining, result.notifications):
            yield replace(result, notifications=rows)
    if rows := _take(remaining, list(remaining.values())):
        yield SendResult(notifications=rows, error="The channel returned no result.")


def _give_up(
    channel: Channel,
    pauses: Pauses,
    error: str,
    attempted: list[Notification],
    remaining: Rows,
) -> Iterator[SendResult]:
    """Pause the channel; defer the rows that it did not attempt to send."""
    if attempted or remaining:
        # First, as the run may be over after a result.
        pauses.start(channel.name, error)
    if attempted:
        yield SendResult(notifications=attempted, error=error)
    if rows := _take(remaining, list(remaining.values())):
        yield SendResult(notifications=rows, error=error, is_deferred=True)


def _take(remaining: Rows, rows: Iterable[Notification]) -> list[Notification]:
    """Remove rows from `remaining`; ignore those that are not in it."""
    return [remaining.pop(row.pk) for row in rows if row.pk in remaining]
