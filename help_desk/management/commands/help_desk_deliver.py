"""Send what waits to be sent."""

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
from help_desk.delivery import runner as delivery
from help_desk.delivery.run import record_run
from help_desk.management.stopping import StopSignal
from help_desk.models import Notification

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from help_desk.delivery.run import DeliveryReport

logger = logging.getLogger(__name__)

HEARTBEAT = 600
"""Seconds after which `--loop` says that it is there though there was nothing to do."""
LONGEST_PAUSE = 60
"""Seconds after which a database that went away is looked for again, at most."""


class Command(BaseCommand):
    """Run it from cron, every minute or so, or as a service; several do no harm."""

    help = (
        "Sends the notifications that are due. Prints progress on a terminal, and otherwise "
        "one line of JSON; with --loop one for each run that had something to do, and one "
        "every ten minutes. SIGTERM and Ctrl-C end it after the message that is being sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options.

        Args:
            parser: Django's parser.
        """
        parser.add_argument(
            "--loop", action="store_true", help="Go on until a signal says to stop."
        )
        parser.add_argument(
            "--interval",
            type=float,
            default=5,
            metavar="SECONDS",
            help="How long --loop waits before it looks again; by default 5.",
        )
        parser.add_argument(
            "--database",
            help="Alias of the database; by default the one that notifications go to.",
        )

    def handle(
        self, *args: Any, loop: bool, interval: float, database: str | None, **options: Any
    ) -> None:
        """Send.

        Args:
            *args: None.
            loop: Whether to go on.
            interval: Seconds between two looks.
            database: Alias of the database.
            **options: Django's own.

        Raises:
            CommandError: The interval is no time to wait; or the database cannot be used.
        """
        if not interval > 0:
            message = f"--interval is {interval:g}; write a number of seconds above 0."
            raise CommandError(message)
        using = database or router.db_for_write(Notification)
        with StopSignal() as stop:
            if loop:
                self._loop(using, interval, stop)
            else:
                try:
                    self._run(using, stop)
                except (DatabaseError, InterfaceError) as error:
                    message = f"The database cannot be used: {error}"
                    raise CommandError(message) from error

    def _loop(self, using: str, interval: float, stop: StopSignal) -> None:
        failures = 0
        self._said = time.monotonic()
        while not stop.is_set():
            pause = interval
            try:
                self._run(using, stop, is_quiet=True)
                failures = 0
            except (DatabaseError, InterfaceError):
                failures += 1
                pause = min(interval * 2**failures, max(interval, LONGEST_PAUSE))
                logger.exception("The database failed; looking again in %g s.", pause)
            # What a restarted server has broken off is opened anew.
            close_old_connections()
            stop.wait(pause)

    def _run(self, using: str, stop: StopSignal, *, is_quiet: bool = False) -> None:
        start = time.monotonic()
        is_watched = self.stdout.isatty()
        report = delivery.deliver(
            using=using, stop=stop.is_set, progress=self._progress if is_watched else None
        )
        record_run(COMMAND, report, using)
        if is_quiet and not report.handled and time.monotonic() - self._said < HEARTBEAT:
            return
        self._said = time.monotonic()
        if is_watched:
            self.stdout.write(f"\r{_in_words(report)}")
        else:
            seconds = round(time.monotonic() - start, 3)
            self.stdout.write(_as_json(report, seconds))
            self.stdout.flush()

    def _progress(self, report: DeliveryReport) -> None:
        self.stdout.write(f"\r{_in_words(report)}", ending="")
        self.stdout.flush()


def _in_words(report: DeliveryReport) -> str:
    return (
        f"{report.sent} sent, {report.retried} to be tried again, {report.deferred} waiting "
        f"for their channel, {report.failed} failed, {report.skipped} no longer wanted."
    )


def _as_json(report: DeliveryReport, seconds: float) -> str:
    moment = timezone.now().isoformat(timespec="seconds")
    return json.dumps({"finished": moment, "seconds": seconds, **asdict(report)})
