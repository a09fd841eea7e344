"""A `migrate` that is killed can be run again where the database cannot roll back DDL."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from tests.migrations.conftest import APP
from tests.support import databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TICKETS = f"{APP}_ticket"
DROP = f"DROP TABLE {TICKETS}"
ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.hosts("default"),
    pytest.mark.skipif(
        databases.chosen() != databases.MARIADB, reason="The database rolls back DDL."
    ),
]


class Killed(BaseException):
    """Stands for SIGKILL: nothing in Django handles it."""


class Database:
    """The help desk's tables, without Django's bookkeeping around them."""

    def __init__(self, alias: str) -> None:
        self.connection = connections[alias]

    def run(self, sql: str) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def tables(self) -> list[str]:
        return sorted(table for (table,) in self.run("SHOW TABLES") if table.startswith(APP))

    def schema(self) -> dict[str, list[str]]:
        """Return the lines of each CREATE TABLE: columns, keys, foreign keys and checks."""
        tables = {name: self.run(f"SHOW CREATE TABLE {name}")[0][1] for name in self.tables()}
        return {
            name: sorted(line.strip(" ,") for line in sql.splitlines() if "ENGINE=" not in line)
            for name, sql in tables.items()
        }

    def tickets(self) -> list[Any]:
        columns = "id, description, created_by_id, is_deleted"
        return self.run(f"SELECT {columns} FROM {TICKETS} ORDER BY id")  # noqa: S608

    def empty(self) -> None:
        """Remove the help desk's tables and the records of its migrations."""
        with self.connection.constraint_checks_disabled():
            if tables := self.tables():
                self.run(f"DROP TABLE {', '.join(tables)}")
        MigrationRecorder(self.connection).migration_qs.filter(app=APP).delete()

    def migrate(self, target: str | None = None) -> None:
        executor = MigrationExecutor(self.connection)
        leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]
        executor.migrate([(APP, target)] if target else leaves)

    @contextmanager
    def killing_after(self, count: int | None) -> Iterator[list[str]]:
        """Kill the block once it has executed so many statements that write."""
        executed: list[str] = []

        def execute(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            result = execute(sql, *args)
            if not sql.lstrip().startswith(("SELECT", "SHOW")):
                executed.append(sql)
                if len(executed) == count:
                    raise Killed
            return result

        try:
            with self.connection.execute_wrapper(execute):
                yield executed
        except Killed:
            # What was not committed is lost with the connection.
            self.connection.close()


@pytest.fixture
def database(migrate: Callable[..., None], database_alias: str) -> Iterator[Database]:
    database = Database(database_alias)
    yield database
    database.empty()


def prepare_new(database: Database) -> None:
    database.empty()


def prepare_takeover(database: Database) -> None:
    database.empty()
    database.migrate("0001_initial")
    (user_id,) = database.run("SELECT id FROM auth_user LIMIT 1")[0]
    row = f"1, 0, '2020-02-02', 'app', 'low', 'read', 'The mouse is dead.', {user_id}"
    columns = "is_active, is_deleted, created_datetime, purpose, priority, status, description"
    database.run(
        f"INSERT INTO {TICKETS} ({columns}, created_by_id) VALUES ({row}), ({row})"  # noqa: S608
    )


def follow_documentation(database: Database) -> None:
    """Drop the table of an interrupted `0001_initial`, which is that of django-spire."""
    if not MigrationRecorder(database.connection).migration_qs.filter(app=APP).exists():
        assert DROP in (ROOT / "docs/topics/faults.md").read_text("utf-8")
        database.run(DROP)


@pytest.mark.parametrize("prepare", [prepare_new, prepare_takeover])
def test_migrate_can_be_run_again_after_it_was_killed_at_any_statement(
    database: Database, prepare: Callable[[Database], None], make_user: Callable[..., Any]
) -> None:
    make_user()
    prepare(database)
    with database.killing_after(None) as statements:
        database.migrate()
    expected = database.schema()
    tickets = database.tickets()
    failed = {}
    for count, statement in enumerate(statements, 1):
        prepare(database)
        with database.killing_after(count):
            database.migrate()
        follow_documentation(database)
        try:
            database.migrate()
            assert database.schema() == expected
            assert database.tickets() == tickets
        except Exception as error:  # noqa: BLE001 -- all statements are tried
            failed[count] = f"{statement}: {error}"
    assert not failed, f"{len(failed)} of {len(statements)} statements"


def test_migrate_can_be_run_again_after_its_repair_was_killed(
    database: Database, make_user: Callable[..., Any]
) -> None:
    make_user()
    prepare_takeover(database)
    with database.killing_after(None) as statements:
        database.migrate()
    expected = database.schema()
    prepare_takeover(database)
    with database.killing_after(len(statements) - 1):
        database.migrate()
    for count in (1, 1, 3, 7):
        with database.killing_after(count):
            database.migrate()
    database.migrate()
    assert database.schema() == expected


FILLED = {
    f"The table {APP}_delivery_run exists and has rows": (
        f"INSERT INTO {APP}_delivery_run (source, finished_datetime, sent, retried, failed, "  # noqa: S608
        "deferred, skipped) VALUES ('command', NOW(), 0, 0, 0, 0, 0)"
    ),
    f"The column done_datetime of the table {TICKETS} has values": (
        f"UPDATE {TICKETS} SET done_datetime = NOW()"  # noqa: S608
    ),
}


@pytest.mark.parametrize(("message", "data"), FILLED.items(), ids=["table", "column"])
def test_tables_and_columns_with_data_are_not_removed(
    database: Database, make_user: Callable[..., Any], message: str, data: str
) -> None:
    make_user()
    prepare_takeover(database)
    database.migrate()
    MigrationRecorder(database.connection).migration_qs.filter(app=APP, name__gt="0003").delete()
    database.run(data)
    before = database.schema()
    with pytest.raises(CommandError, match=re.escape(message)):
        database.migrate()
    assert database.schema() == before
