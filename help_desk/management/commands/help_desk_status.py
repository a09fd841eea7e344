"""Say whether notifications get on their way."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, router
from django.utils import timezone

from help_desk.delivery.monitoring import max_delivery_delay, outbox_status
from help_desk.delivery.run import DeliveryReport
from help_desk.models import Notification

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from help_desk.delivery.monitoring import OutboxStatus
    from help_desk.models import DeliveryRun


class Command(BaseCommand):
    """For a person who looks, and for monitoring, which looks at the exit code."""

    help = (
        "Says what waits to be sent, what failed, and what ran last. Ends with exit code 1 "
        "when something has waited too long."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options.

        Args:
            parser: Django's parser.
        """
        parser.add_argument("--json", action="store_true", help="Print one line of JSON.")
        parser.add_argument(
            "--max-age",
            type=float,
            metavar="SECONDS",
            help="How long something may wait; by default the setting MAX_DELIVERY_DELAY.",
        )
        parser.add_argument(
            "--database",
            help="Alias of the database; by default the one that notifications go to.",
        )

    def handle(
        self,
        *args: Any,
        json: bool,
        max_age: float | None,
        database: str | None,
        **options: Any,
    ) -> None:
        """Look and say.

        Args:
            *args: None.
            json: Whether for a program.
            max_age: Seconds that something may wait.
            database: Alias of the database.
            **options: Django's own.

        Raises:
            CommandError: Something has waited too long; or the database cannot be used.
        """
        limit = max_delivery_delay() if max_age is None else timedelta(seconds=max_age)
        try:
            state = outbox_status(database or router.db_for_write(Notification))
        except (DatabaseError, InterfaceError) as error:
            message = f"The database cannot be used: {error}"
            raise CommandError(message) from error
        self.stdout.write(_as_json(state, limit) if json else _in_words(state))
        if state.is_late(limit):
            message = (
                f"The oldest has waited for {_age(state.max_delay)}, longer than {_age(limit)}."
            )
            raise CommandError(message)


def _as_json(state: OutboxStatus, limit: timedelta) -> str:
    return json.dumps(
        {
            "waiting": state.waiting,
            "due": state.due,
            "failed": state.failed,
            "oldest_seconds": None
            if state.max_delay is None
            else int(state.max_delay.total_seconds()),
            "alarm": state.is_late(limit),
            "runs": {
                run.source: {
                    "finished": run.finished_datetime.isoformat(),
                    **_numbers(run),
                }
                for run in state.runs
            },
        }
    )


def _in_words(state: OutboxStatus) -> str:
    now = timezone.now()
    lines = [
        f"{'Waiting':15}{state.waiting}, of which {state.due} are due",
        f"{'Failed':15}{state.failed}",
        f"{'Oldest waiting':15}{_age(state.max_delay)}",
    ]
    for run in state.runs:
        did = ", ".join(f"{number} {name}" for name, number in _numbers(run).items() if number)
        ago = _age(now - run.finished_datetime)
        lines.append(f"{'Last ' + run.source:15}{ago} ago: {did or 'nothing to do'}")
    if not state.runs:
        lines.append(f"{'Last run':15}none")
    return "\n".join(lines)


def _numbers(run: DeliveryRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in asdict(DeliveryReport())}


def _age(age: timedelta | None) -> str:
    """Write a time as people say it, such as `2 h 5 min`."""
    if age is None:
        return "–"
    minutes, seconds = divmod(int(age.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2]) or "0 s"
