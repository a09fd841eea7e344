"""`manage.py help_desk_prune`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router
from django.utils import timezone

from help_desk.channels import active_channels
from help_desk.management.arguments import add_database_argument
from help_desk.models import Notification, TicketSubmission
from help_desk.querysets import IN_APP

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.management.base import CommandParser
    from django.db.models import QuerySet

BATCH_SIZE = 500
MAX_DAYS = 36_500
SUBMISSION_AGE = timedelta(days=7)
"""A submitted form is recognized for so long: browsers restore pages after a weekend."""


class Command(BaseCommand):
    """Delete old notifications and form tokens; run it once a day or once a month."""

    help = (
        "Deletes old notifications that were sent or skipped, or read in the inbox. Keeps "
        "waiting, unread and failed notifications, and the tickets' history. Also deletes the "
        "tokens of create forms that were submitted more than 7 days ago."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=float,
            default=90,
            help="Delete notifications created more than this many days ago; 90 by default.",
        )
        parser.add_argument(
            "--failed",
            action="store_true",
            help="Also delete failed notifications, which then cannot be sent again.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Only print the number of notifications to delete.",
        )
        add_database_argument(parser, "notifications")

    def handle(self, *args: Any, days: float, failed: bool, **options: Any) -> None:
        if not 0 <= days <= MAX_DAYS:
            message = f"--days must be a number from 0 to {MAX_DAYS}, not {days:g}. For example: 90"
            raise CommandError(message)
        using = options["database"] or router.db_for_write(Notification)
        inboxes = {IN_APP} | {channel.name for channel in active_channels() if channel.is_inbox}
        rows = Notification.objects.using(using).prunable(
            timezone.now() - timedelta(days=days), inboxes, failed=failed
        )
        submissions = TicketSubmission.objects.using(using).filter(
            created_datetime__lt=timezone.now() - SUBMISSION_AGE
        )
        if options["dry_run"]:
            self.stdout.write(f"{rows.count()} notifications to delete; nothing was deleted.")
            return
        self.stdout.write(f"{_delete(rows, lambda batch: batch.remove())} notifications deleted.")
        if deleted := _delete(submissions, lambda batch: batch.delete()[0]):
            self.stdout.write(f"{deleted} form tokens deleted.")


def _delete(rows: QuerySet[Any], delete: Callable[[Any], int]) -> int:
    """Delete batch by batch, so that no lock is held for long."""
    deleted, last = 0, 0
    while ids := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE]
    ):
        # The conditions are repeated: a row may have been sent again since.
        deleted += delete(rows.filter(pk__in=ids))
        last = ids[-1]
    return deleted
