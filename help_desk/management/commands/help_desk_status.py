"""`manage.py help_desk_status`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, router
from django.utils import timezone

from help_desk.conf import HelpDeskSettings
from help_desk.delivery.monitoring import max_delivery_delay, outbox_status
from help_desk.delivery.run import DeliveryReport
from help_desk.management.arguments import add_database_argument
from help_desk.models import Notification

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from help_desk.delivery.monitoring import OutboxStatus
    from help_desk.models import DeliveryRun


class Command(BaseCommand):
    """Show the state of the outbox, for operators and monitoring."""

    help = (
        "Shows waiting and failed notifications, unavailable channels and the latest runs. Exits "
        "with code 1 if a notification is overdue by more than the limit."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one line of JSON.")
        parser.add_argument(
            "--max-age",
            type=float,
            metavar="SECONDS",
            help="Seconds that a notification may be overdue; by default the setting "
            "MAX_DELIVERY_DELAY.",
        )
        add_database_argument(parser, "notifications")

    def handle(
        self,
        *args: Any,
        json: bool,
        max_age: float | None,
        database: str | None,
        **options: Any,
    ) -> None:
        _validate_max_age(max_age)
        limit = max_delivery_delay() if max_age is None else timedelta(seconds=max_age)
        try:
            status = outbox_status(database or router.db_for_write(Notification))
        except (DatabaseError, InterfaceError) as error:
            message = f"Cannot use the database: {error}"
            raise CommandError(message) from error
        self.stdout.write(_as_json(status, limit) if json else _as_text(status))
        if status.is_late(limit):
            message = (
                f"A notification is overdue by {_duration(status.max_delay)}; "
                f"the limit is {_duration(limit)}."
            )
            raise CommandError(message)


def _validate_max_age(seconds: float | None) -> None:
    setting = HelpDeskSettings.MAX_DELIVERY_DELAY
    if not setting.is_within_limits(seconds):
        lowest, highest = setting.limits or (None, None)
        message = (
            f"--max-age must be a number from {lowest} to {highest}, not {seconds:g}. "
            f"For example: {setting.default}"
        )
        raise CommandError(message)


def _as_json(status: OutboxStatus, limit: timedelta) -> str:
    delay = status.max_delay
    return json.dumps(
        {
            "waiting": status.waiting,
            "due": status.due,
            "failed": status.failed,
            "max_delay_seconds": None if delay is None else int(delay.total_seconds()),
            "late": status.is_late(limit),
            "runs": {
                run.source: {"finished": run.finished_datetime.isoformat(), **_counters(run)}
                for run in status.runs
            },
            "pauses": {
                pause.channel: {
                    "started": pause.started_datetime.isoformat(),
                    "until": pause.until_datetime.isoformat(),
                    "error": pause.error,
                }
                for pause in status.pauses
            },
        }
    )


def _as_text(status: OutboxStatus) -> str:
    now = timezone.now()
    rows = [
        ("Waiting", f"{status.waiting} ({status.due} due)"),
        ("Failed", str(status.failed)),
        ("Oldest delay", _duration(status.max_delay)),
    ]
    for pause in status.pauses:
        rest = pause.until_datetime - now
        attempt = f"in {_duration(rest)}" if rest > timedelta(0) else "by the next run"
        since = _duration(now - pause.started_datetime)
        text = f"{pause.channel} for {since}, next attempt {attempt}: {pause.error}"
        rows.append(("Unavailable", text))
    for run in status.runs:
        counters = ", ".join(
            f"{number} {name}" for name, number in _counters(run).items() if number
        )
        age = _duration(now - run.finished_datetime)
        rows.append((f"Last {run.source}", f"{age} ago: {counters or 'nothing to do'}"))
    if not status.runs:
        rows.append(("Last run", "never"))
    return "\n".join(f"{label:<15}{value}" for label, value in rows)


def _counters(run: DeliveryRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in asdict(DeliveryReport())}


def _duration(duration: timedelta | None) -> str:
    """Format a duration by its two largest units, such as `2 h 5 min`."""
    if duration is None:
        return "none"
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    parts = [f"{number} {unit}" for number, unit in units if number]
    return " ".join(parts[:2]) or "0 s"
