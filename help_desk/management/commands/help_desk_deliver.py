"""Send what waits to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.db import router

from help_desk.models import Notification
from help_desk.notifications import delivery

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Run it from cron, every minute or so; several at a time do no harm."""

    help = "Sends the notifications that are due, and says what became of them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options.

        Args:
            parser: Django's parser.
        """
        parser.add_argument(
            "--database",
            help="Alias of the database; by default the one that notifications go to.",
        )

    def handle(self, *args: Any, database: str | None, **options: Any) -> None:
        """Send.

        Args:
            *args: None.
            database: Alias of the database.
            **options: Django's own.
        """
        report = delivery.deliver(using=database or router.db_for_write(Notification))
        self.stdout.write(
            f"{report.sent} sent, {report.retried} to be tried again, "
            f"{report.postponed} waiting for their channel, {report.failed} failed."
        )
