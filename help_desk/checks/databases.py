"""The database of the help desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Warning
from django.db import connections, router

from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


def check_sqlite(**kwargs: Any) -> list[CheckMessage]:
    """Check that SQLite is set up for concurrent requests; only for `check --deploy`."""
    connection = connections[router.db_for_write(HelpDeskTicket)]
    options = connection.settings_dict["OPTIONS"]
    mode = str(options.get("transaction_mode") or "").upper()
    if connection.vendor != "sqlite" or mode in {"IMMEDIATE", "EXCLUSIVE"}:
        return []
    return [
        Warning(
            "The help desk's tickets are in SQLite without a 'transaction_mode', so requests that "
            "are made at the same time can fail with 'database is locked'.",
            hint="Set OPTIONS of the database, for example to {'transaction_mode': 'IMMEDIATE', "
            "'init_command': 'PRAGMA journal_mode=WAL;', 'timeout': 20}.",
            id="help_desk.W130",
        )
    ]
