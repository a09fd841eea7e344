"""Arguments that commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


def add_database_argument(parser: CommandParser, rows: str) -> None:
    """Add the option `--database`; by default, the router chooses the one of certain rows."""
    parser.add_argument(
        "--database",
        choices=tuple(connections),
        help=f"Alias of the database; by default the one that {rows} are written to.",
    )
