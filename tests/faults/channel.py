"""The email channel, with a record of each attempt to send a message.

An attempt begins when the message is built and ends with the result. Its ID is a header of the
message, so that the mail server's log names it, too.
"""

from __future__ import annotations

import os
import random
import signal
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import help_desk.channels.email.channel as email_channel
from help_desk.channels import SendResult
from help_desk.channels.email import EmailChannel
from help_desk.models import Notification
from tests.faults import journal

HEADER = "X-Help-Desk-Attempt"


class State:
    """What this process is doing."""

    run = f"process {os.getpid()}"
    attempt: str | None = None
    asked = 0.0
    """When the caller asked for the next result. It must have the lease then; how long building
    and sending the message takes depends on the machine."""
    kill_probability = 0.0
    """How probable it is that the process kills itself after a message, before the result is
    recorded."""


_message_of = email_channel.message_of


def recorded_message_of(rows: Sequence[Notification]) -> Any:
    """Build the message, and record that the attempt begins."""
    message = _message_of(rows)
    State.attempt = message.extra_headers[HEADER] = uuid.uuid4().hex
    lease_end = min((row.due_datetime for row in rows if row.due_datetime), default=None)
    journal.write(
        "attempt",
        id=State.attempt,
        run=State.run,
        asked=State.asked,
        rows=[row.pk for row in rows],
        leases=sorted({str(row.lease) for row in rows}),
        lease_end=lease_end.timestamp() if lease_end else 0,
    )
    return message


email_channel.message_of = recorded_message_of


class RecordedEmailChannel(EmailChannel):
    """Records the result of each attempt, and that the caller has recorded it."""

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        """Send rows as the email channel does."""
        State.attempt, State.asked = None, time.time()
        try:
            with closing(super().send(notifications)) as results:
                yield from self._recorded(results)
        except Exception as error:
            self._end_attempt(f"{type(error).__name__}: {error}")
            raise

    def _recorded(self, results: Iterator[SendResult]) -> Iterator[SendResult]:
        for result in results:
            attempt = State.attempt
            self._end_attempt(result.error)
            if random.random() < State.kill_probability:
                journal.fault("delivery killed after a message", run=State.run)
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                yield result
            finally:
                # The caller has recorded it, or could not.
                journal.write("recorded", id=attempt)
            State.asked = time.time()

    def _end_attempt(self, error: str) -> None:
        if State.attempt is not None:
            journal.write("result", id=State.attempt, error=error)
        State.attempt = None
