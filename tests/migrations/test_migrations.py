"""Taking over a table with rows, and migrating back."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations import Migration, RemoveField
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.migrations.recorder import MigrationRecorder

from help_desk.migrations._restartable import UndoInterruptedRun, restartable
from help_desk.models import HelpDeskTicket
from tests.migrations.conftest import APP

if TYPE_CHECKING:
    from collections.abc import Callable

    Migrate = Callable[..., None]
    OldTickets = Callable[..., list[int]]
    Stored = Callable[[], list[tuple[Any, ...]]]

ROWS: list[dict[str, Any]] = [
    {},
    {"purpose": "comp", "priority": "urge", "status": "done", "is_active": False},
    {"is_deleted": True, "description": ""},
    {"description": "x" * 200_000},
]


def applied(alias: str) -> list[str]:
    recorder = MigrationRecorder(connections[alias])
    return sorted(name for app, name in recorder.applied_migrations() if app == APP)


def test_models_and_migrations_agree(transactional_db: None) -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def later_migrations() -> list[Migration]:
    migrations = MigrationLoader(None).disk_migrations
    return [migrations[key] for key in sorted(migrations) if key[0] == APP][1:]


@pytest.mark.parametrize("migration", later_migrations(), ids=lambda migration: migration.name)
def test_interrupted_migration_can_be_run_again(migration: Migration) -> None:
    undo, *operations = migration.operations
    assert isinstance(undo, UndoInterruptedRun), "Use operations = restartable([...])."
    assert undo.operations == operations


def test_operation_that_cannot_be_run_again_is_refused() -> None:
    with pytest.raises(TypeError, match=r"RemoveField .* cannot be run again"):
        restartable([RemoveField("helpdeskticket", "status")])


def test_undoing_an_interrupted_run_is_not_part_of_the_sql(
    transactional_db: None, database_alias: str
) -> None:
    sql = StringIO()
    call_command("sqlmigrate", APP, "0002", database=database_alias, no_color=True, stdout=sql)
    start = sql.getvalue().removeprefix("BEGIN;\n").splitlines()[:4]
    assert start == ["--", "-- Undo an interrupted run of this migration", "--", "-- (no-op)"]


def test_squashed_migrations_are_made_restartable_again() -> None:
    operations = [op for migration in later_migrations() for op in migration.operations]
    squashed = MigrationOptimizer().optimize(operations, APP)
    assert len(squashed) < len(operations)
    assert not any(isinstance(operation, UndoInterruptedRun) for operation in squashed)
    assert restartable(squashed)


def test_rows_are_kept_in_both_directions(
    old_tickets: OldTickets, migrate: Migrate, stored: Stored
) -> None:
    numbers = old_tickets(*ROWS)
    before = stored()
    migrate()
    assert stored() == before
    assert [ticket.pk for ticket in HelpDeskTicket.objects.order_by("pk")] == numbers
    migrate("0001_initial")
    assert stored() == before


def test_only_later_migrations_run_after_the_initial_one_of_django_spire(
    old_tickets: OldTickets, migrate: Migrate, database_alias: str
) -> None:
    old_tickets({})
    assert applied(database_alias) == ["0001_initial"]
    plan = StringIO()
    call_command("migrate", APP, plan=True, database=database_alias, stdout=plan)
    planned = re.findall(rf"{APP}\.(\w+)", plan.getvalue())
    assert "0001_initial" not in planned
    migrate()
    assert applied(database_alias) == ["0001_initial", *planned]


def test_permissions_and_content_type_are_kept(
    old_tickets: OldTickets,
    migrate: Migrate,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
) -> None:
    manager = grant(make_user(), "delete")

    def state() -> Any:
        kind = ContentType.objects.get(app_label=APP, model="helpdeskticket")
        permissions = Permission.objects.filter(content_type=kind).order_by("codename")
        return kind.pk, list(permissions.values_list("pk", "codename", "name"))

    old_tickets({})
    before = state()
    assert [codename for _pk, codename, _name in before[1]] == [
        f"{action}_helpdeskticket" for action in ("add", "change", "delete", "view")
    ]
    migrate()
    assert state() == before
    holder = type(manager)._default_manager.get(pk=manager.pk)
    assert holder.has_perm(f"{APP}.delete_helpdeskticket")


def test_taken_over_tickets_can_be_updated(
    old_tickets: OldTickets, migrate: Migrate, make_user: Callable[..., Any]
) -> None:
    (number,) = old_tickets({})
    migrate()
    ticket = HelpDeskTicket.objects.get(pk=number)
    ticket.services.update(actor=make_user(), status="done")
    assert ticket.events.get().changes == {"status": ["read", "done"]}


def test_invalid_values_stop_the_migration_before_any_change(
    old_tickets: OldTickets,
    migrate: Migrate,
    stored: Stored,
    schema: Callable[[], Any],
    database_alias: str,
) -> None:
    rows = [{"purpose": "pers"}, {"priority": "top"}, {"status": "todo"}, {"status": ""}]
    _valid, *invalid = old_tickets({}, *rows)
    before = schema(), stored(), applied(database_alias)
    with pytest.raises(CommandError) as caught:
        migrate()
    assert (schema(), stored(), applied(database_alias)) == before
    assert ": " + ", ".join(f"#{number}" for number in invalid) + "." in str(caught.value)
    assert "help_desk_check_values --fix" in str(caught.value)
    fix_values(database_alias)
    migrate()
    assert HelpDeskTicket.objects.count() == 5


def fix_values(alias: str) -> None:
    call_command("help_desk_check_values", fix=True, database=alias, stdout=StringIO())


def test_at_most_twenty_invalid_tickets_are_listed(
    old_tickets: OldTickets, migrate: Migrate, database_alias: str
) -> None:
    numbers = old_tickets(*[{"status": "todo"}] * 23)
    with pytest.raises(CommandError) as caught:
        migrate()
    assert f"#{numbers[19]} and 3 more." in str(caught.value)
    fix_values(database_alias)


def test_all_migrations_can_be_reversed_and_applied_again(
    migrate: Migrate, schema: Callable[[], Any]
) -> None:
    before = schema()
    migrate(None)
    assert schema() == {}
    migrate()
    assert normalized(schema()) == normalized(before)


def normalized(tables: Any) -> Any:
    """Return the schema without generated names and without the order of constraints."""
    return {
        name: (
            description,
            sorted(map(repr, constraints.values())),
        )
        for name, (description, constraints) in tables.items()
    }
