"""`manage.py help_desk_check_values`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from help_desk import takeover
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """List or fix invalid values before `migrate`, when taking over django-spire's table."""

    help = (
        "Lists tickets with an invalid purpose, priority or status, and exits with an error if "
        "there are any. They must be fixed before the migrations after 0001_initial can run."
    )
    # The tables do not match the models yet.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fix",
            action="store_true",
            help="Replace each invalid value with the one shown. The old value is noted at the "
            "end of the ticket's description.",
        )
        parser.add_argument(
            "--database",
            choices=tuple(connections),
            default=DEFAULT_DB_ALIAS,
            help="Alias of the database to check.",
        )

    def handle(self, *args: Any, fix: bool, database: str, **options: Any) -> None:
        values = list(takeover.invalid_values(HelpDeskTicket, database))
        for value in values:
            self.stdout.write(
                f"Ticket #{value.ticket_id}: {value.field} is {value.value!r}"
                f" -> {value.replacement!r}"
            )
        if not values:
            self.stdout.write("All tickets have valid values.")
        elif fix:
            with transaction.atomic(using=database):
                count = takeover.fix(HelpDeskTicket, database)
            self.stdout.write(f"{count} tickets fixed.")
        else:
            message = f"{len(values)} invalid values. Run the command with --fix to replace them."
            raise CommandError(message)
