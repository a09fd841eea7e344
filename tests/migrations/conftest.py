"""Migrating the help desk's tables forwards and backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

APP = "django_spire_help_desk"


@pytest.fixture
def migrate(transactional_db: None, database_alias: str) -> Iterator[Callable[..., None]]:
    """Migrate the help desk: `migrate("0001_initial")`, or `migrate(None)` to remove it.

    Without a target, run the command, to the latest migration.
    """

    def to(*targets: str | None) -> None:
        if targets:
            # Much faster than the command, which also handles all other apps.
            executor = MigrationExecutor(connections[database_alias])
            executor.migrate([(APP, target) for target in targets])
        else:
            call_command("migrate", APP, database=database_alias, verbosity=0)

    yield to
    executor = MigrationExecutor(connections[database_alias])
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == APP])


@pytest.fixture
def old_tickets(
    migrate: Callable[..., None], make_user: Callable[..., Any], database_alias: str
) -> Callable[..., list[int]]:
    """Migrate back to django-spire's table and fill it: `old_tickets({"status": "todo"})`.

    Return the IDs of the tickets.
    """
    creator = make_user()
    migrate("0001_initial")
    executor = MigrationExecutor(connections[database_alias])
    state = executor.loader.project_state([(APP, "0001_initial")])
    tickets = state.apps.get_model(APP, "HelpDeskTicket").objects.using(database_alias)

    def fill(*rows: dict[str, Any]) -> list[int]:
        defaults = {"purpose": "app", "priority": "low", "description": "Émile's “ticket” 🎫"}
        return [tickets.create(created_by_id=creator.pk, **{**defaults, **row}).pk for row in rows]

    return fill


@pytest.fixture
def stored(database_alias: str) -> Callable[[], list[tuple[Any, ...]]]:
    """Return the ticket table's rows, with the columns of django-spire's table."""

    def read() -> list[tuple[Any, ...]]:
        with connections[database_alias].cursor() as cursor:
            cursor.execute(
                "SELECT id, is_active, is_deleted, created_datetime, purpose, priority, "
                "status, description, created_by_id "
                "FROM django_spire_help_desk_ticket ORDER BY id"
            )
            return list(cursor.fetchall())

    return read


@pytest.fixture
def schema(database_alias: str) -> Callable[[], Any]:
    """Return the columns and constraints of the help desk's tables."""

    def read() -> Any:
        connection = connections[database_alias]
        with connection.cursor() as cursor:
            names = [
                name
                for name in connection.introspection.table_names(cursor)
                if name.startswith(APP)
            ]
            return {
                name: (
                    connection.introspection.get_table_description(cursor, name),
                    connection.introspection.get_constraints(cursor, name),
                )
                for name in names
            }

    return read
