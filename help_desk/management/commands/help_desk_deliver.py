"""`manage.py help_desk_deliver`."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, close_old_connections, router
from django.utils import timezone

from help_desk.conf import COMMAND
from help_desk.delivery import runner
from help_desk.delivery.pauses import Pauses
from help_desk.delivery.run import Run, record_run
from help_desk.management.arguments import add_database_argument
from help_desk.management.signals import stop_requested
from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.management.base import CommandParser

    from help_desk.delivery.run import DeliveryReport

    StopRequested = Callable[[], bool]

logger = logging.getLogger(__name__)

HEARTBEAT = 600
"""Seconds after which `--loop` prints a line although there was nothing to do."""
MAX_PAUSE = 60
"""The maximum number of seconds between two attempts to reach the database."""
TICK = 0.1
"""Seconds between two checks for a signal while waiting."""


class Command(BaseCommand):
    """Send the notifications that are due, once or until stopped."""

    help = (
        "Sends the notifications that are due. Prints progress on a terminal, and one line of "
        "JSON otherwise; with --loop, one for each run that had something to do, and one every "
        "ten minutes. On SIGTERM or Ctrl-C, finishes the current message and exits."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Run until stopped by a signal.")
        parser.add_argument(
            "--interval",
            type=float,
            default=5,
            metavar="SECONDS",
            help="Seconds between two runs of --loop; 5 by default.",
        )
        add_database_argument(parser, "notifications")

    def handle(
        self, *args: Any, loop: bool, interval: float, database: str | None, **options: Any
    ) -> None:
        if not interval > 0:
            message = f"--interval must be greater than 0, not {interval:g}. For example: 5"
            raise CommandError(message)
        using = database or router.db_for_write(Notification)
        # Shared by the runs of a loop; see `Run`.
        self._unreleased: list[Callable[[], None]] = []
        with stop_requested() as stop:
            if loop:
                self._loop(using, interval, stop)
                return
            try:
                self._run(using, stop)
            except (DatabaseError, InterfaceError) as error:
                message = f"Cannot use the database: {error}"
                raise CommandError(message) from error

    def _loop(self, using: str, interval: float, stop: StopRequested) -> None:
        failures = 0
        self._last_line = time.monotonic()
        while not stop():
            pause = interval
            try:
                self._run(using, stop, is_quiet=True)
                failures = 0
            except (DatabaseError, InterfaceError):
                failures += 1
                # No float is as large as 2**1024, after a night without the database.
                pause = min(interval * 2 ** min(failures, 16), max(interval, MAX_PAUSE))
                logger.exception("Cannot use the database; trying again in %g s.", pause)
            # A restarted server has closed the connection: the next run opens a new one.
            close_old_connections()
            _wait(pause, stop)

    def _run(self, using: str, stop: StopRequested, *, is_quiet: bool = False) -> None:
        start = time.monotonic()
        is_terminal = self.stdout.isatty()
        report = runner.send_due(
            Run(
                using=using,
                stop=stop,
                progress=self._show_progress if is_terminal else None,
                # A loop soon tries again; someone who calls the command wants to know now.
                pauses=Pauses(using, is_observed=is_quiet),
                unreleased=self._unreleased,
            )
        )
        record_run(COMMAND, report, using)
        if is_quiet and not report.handled and time.monotonic() - self._last_line < HEARTBEAT:
            return
        self._last_line = time.monotonic()
        if is_terminal:
            self.stdout.write(f"\r{_as_text(report)}")
        else:
            seconds = round(time.monotonic() - start, 3)
            self.stdout.write(_as_json(report, seconds))
            self.stdout.flush()

    def _show_progress(self, report: DeliveryReport) -> None:
        self.stdout.write(f"\r{_as_text(report)}", ending="")
        self.stdout.flush()


def _wait(seconds: float, stop: StopRequested) -> None:
    """Sleep, but no longer than until a stop is requested.

    In short slices: Python resumes an interrupted sleep, and a signal handler that sets a
    `threading.Event` can deadlock.
    """
    end = time.monotonic() + seconds
    while not stop() and (remaining := end - time.monotonic()) > 0:
        time.sleep(min(TICK, remaining))


def _as_text(report: DeliveryReport) -> str:
    return (
        f"{report.sent} sent, {report.retried} to retry, {report.deferred} deferred "
        f"(channel unavailable), {report.failed} failed, {report.skipped} skipped"
    )


def _as_json(report: DeliveryReport, seconds: float) -> str:
    finished = timezone.now().isoformat(timespec="seconds")
    return json.dumps({"finished": finished, "seconds": seconds, **asdict(report)})
