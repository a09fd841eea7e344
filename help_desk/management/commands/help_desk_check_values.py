"""List, and on request mend, tickets with values that a ticket cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, transaction

from help_desk import takeover
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Run it before `migrate` when taking over django-spire's table."""

    help = (
        "Lists tickets whose purpose, priority or status is none that a ticket can have. "
        "Such rows must be mended before the migrations that follow 0001_initial can run."
    )
    # The tables are not yet as the checks and the models want them.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options.

        Args:
            parser: Django's parser.
        """
        parser.add_argument(
            "--mend",
            action="store_true",
            help="Put the value shown in place of each; the old value is noted at the end "
            "of the ticket's description.",
        )
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, help="Alias of the database to look at."
        )

    def handle(self, *args: Any, mend: bool, database: str, **options: Any) -> None:
        """List the values, and mend them if asked to.

        Args:
            *args: None.
            mend: Whether to change rows.
            database: Alias of the database.
            **options: Django's own.

        Raises:
            CommandError: There are such values and they were only listed.
        """
        values = list(takeover.invalid_values(HelpDeskTicket, database))
        for value in values:
            self.stdout.write(
                f"Ticket #{value.ticket_id}: {value.field} is {value.value!r}"
                f" -> {value.replacement!r}"
            )
        if not values:
            self.stdout.write("Every ticket's values are valid.")
        elif mend:
            with transaction.atomic(using=database):
                mended = takeover.mend(HelpDeskTicket, database)
            self.stdout.write(f"{mended} tickets mended.")
        else:
            message = f"{len(values)} values to mend; run again with --mend to do so."
            raise CommandError(message)
