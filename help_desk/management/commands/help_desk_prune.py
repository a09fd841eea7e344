"""Delete notifications that nobody needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router
from django.utils import timezone

from help_desk.channels import active_channels
from help_desk.models import Notification
from help_desk.querysets import IN_APP

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from help_desk.querysets import NotificationQuerySet

BATCH_SIZE = 500


class Command(BaseCommand):
    """Run it once a day, or once a month."""

    help = (
        "Deletes notifications that were sent or skipped long ago, and those in the app that "
        "were read. What waits, what is unread, and the tickets' history stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options.

        Args:
            parser: Django's parser.
        """
        parser.add_argument(
            "--days",
            type=float,
            default=90,
            help="Delete what was written longer ago than this; by default 90.",
        )
        parser.add_argument(
            "--failed",
            action="store_true",
            help="Delete what could not be sent, too; it cannot be sent again then.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Only say how many there are to delete."
        )
        parser.add_argument(
            "--database",
            help="Alias of the database; by default the one that notifications go to.",
        )

    def handle(self, *args: Any, days: float, failed: bool, **options: Any) -> None:
        """Delete.

        Args:
            *args: None.
            days: The age.
            failed: Whether to delete what failed.
            **options: The others, and Django's own.

        Raises:
            CommandError: The age is negative.
        """
        if not days >= 0:
            message = f"--days is {days:g}; write how many days old, such as 90."
            raise CommandError(message)
        using = options["database"] or router.db_for_write(Notification)
        inboxes = {IN_APP} | {channel.name for channel in active_channels() if channel.is_inbox}
        rows = Notification.objects.using(using).prunable(
            timezone.now() - timedelta(days=days), inboxes, failed=failed
        )
        if options["dry_run"]:
            self.stdout.write(f"{rows.count()} notifications to delete; nothing was deleted.")
        else:
            self.stdout.write(f"{_remove(rows)} notifications deleted.")


def _remove(rows: NotificationQuerySet) -> int:
    """Delete batch by batch, so that nobody waits long for a lock."""
    removed, last = 0, 0
    while ids := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE]
    ):
        # The conditions hold again: a row may have been sent again since.
        removed += rows.filter(pk__in=ids).remove()
        last = ids[-1]
    return removed
