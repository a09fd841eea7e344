"""Migrations that can be run again after they were interrupted.

MariaDB and MySQL cannot roll back DDL: a migration that is killed leaves some of its tables,
columns and constraints behind, and is not recorded as applied. Django then stops at the first
one that exists. Each migration from 0002 on passes its operations through `restartable`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelManagers,
    AlterModelOptions,
    CreateModel,
    RunPython,
)
from django.db.migrations.operations.base import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState, StateApps
    from django.db.models import Model

ADDING = (
    CreateModel,
    AddField,
    AddIndex,
    AddConstraint,
)
"""Operations whose result is removed before they are run again."""

REPEATABLE = (
    AlterModelManagers,
    AlterModelOptions,
    # Where it changes the column at all, it may change its type, but no key or index.
    AlterField,
    RunPython,  # in a transaction of its own
)
"""Operations that can be run twice."""


def restartable(operations: Sequence[Operation]) -> list[Operation]:
    """Return operations that can be run again after they were interrupted."""
    for operation in operations:
        if not isinstance(operation, (*ADDING, *REPEATABLE)) or _has_many_to_many(operation):
            message = f"{operation!r} cannot be run again after an interrupted migration."
            raise TypeError(message)
    return [UndoInterruptedRun(operations), *operations]


def _has_many_to_many(operation: Any) -> bool:
    fields = dict(getattr(operation, "fields", ())).values()
    return any(
        field.many_to_many for field in (*fields, getattr(operation, "field", None)) if field
    )


class UndoInterruptedRun(Operation):
    """Remove what an interrupted run of a migration left, where DDL cannot be rolled back.

    It is the first operation of the migration, so what it finds of the others' results is left
    over. It removes that in reverse order, and the operations after it run as in a new database.
    """

    reversible = True
    elidable = True  # a squashed migration passes its operations through `restartable` again
    serialization_expand_args = ["operations"]

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = list(operations)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Remove what is left, unless it contains data."""
        connection = schema_editor.connection
        if connection.features.can_rollback_ddl or schema_editor.collect_sql:
            return
        # No operation renames anything, so the final models have the tables and columns of all.
        state = from_state.clone()
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        leftovers = [
            addition
            for addition in _additions(self.operations, app_label, state.apps)
            if addition.exists(connection)
        ]
        for addition in leftovers:
            addition.refuse_data(connection.alias)
        # New tables may refer to each other.
        with connection.constraint_checks_disabled():
            for addition in reversed(leftovers):
                addition.remove(schema_editor)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Change nothing: the other operations have been reversed."""

    def describe(self) -> str:
        """Describe it in the output of `migrate --plan`."""
        return "Undo an interrupted run of this migration"


def _additions(operations: Sequence[Any], app_label: str, apps: StateApps) -> list[Addition]:
    """Return the new tables, and what is added to tables that existed before."""
    created = {op.name_lower for op in operations if isinstance(op, CreateModel)}
    return [
        Addition(operation, apps.get_model(app_label, name))
        for operation in operations
        if isinstance(operation, ADDING)
        and ((name := _model_name(operation)) not in created or isinstance(operation, CreateModel))
    ]


def _model_name(operation: Any) -> str:
    name: str = (
        operation.name_lower if isinstance(operation, CreateModel) else operation.model_name_lower
    )
    return name


class Addition:
    """What one operation adds to the database."""

    def __init__(self, operation: Any, model: type[Model]) -> None:
        self.operation = operation
        self.model = model
        self.table = model._meta.db_table

    @property
    def field(self) -> Any:
        return self.model._meta.get_field(self.operation.name)

    def exists(self, connection: BaseDatabaseWrapper) -> bool:
        operation, introspection = self.operation, connection.introspection
        if not operation.allow_migrate_model(connection.alias, self.model):
            return False
        with connection.cursor() as cursor:
            match operation:
                case CreateModel():
                    return self.table in introspection.table_names(cursor)
                case AddField():
                    columns = introspection.get_table_description(cursor, self.table)
                    return any(column.name == self.field.column for column in columns)
                case AddIndex():
                    name = operation.index.name
                case _:
                    name = operation.constraint.name
            return name in introspection.get_constraints(cursor, self.table)

    def refuse_data(self, using: str) -> None:
        """Raise CommandError if removing it would lose data."""
        rows = self.model._base_manager.using(using)
        match self.operation:
            case CreateModel():
                # Not the rows themselves: the table may lack columns that are added later.
                found = f"The table {self.table} exists and has rows"
                has_data = rows.values_list("pk").exists()
            case AddField() if self.field.null:
                found = f"The column {self.field.column} of the table {self.table} has values"
                has_data = rows.filter(**{f"{self.field.name}__isnull": False}).exists()
            case _:
                return
        if has_data:
            message = (
                f"{found}, but the migration that creates it is not recorded as applied. "
                "Nothing was changed. If the migration was applied, record it with `manage.py "
                f"migrate {self.model._meta.app_label} NAME --fake`. Otherwise, delete those "
                "rows or values and run migrate again."
            )
            raise CommandError(message)

    def remove(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        match self.operation:
            case CreateModel():
                schema_editor.delete_model(self.model)
            case AddField():
                schema_editor.remove_field(self.model, self.field)
            case AddIndex():
                schema_editor.remove_index(self.model, self.operation.index)
            case _:
                schema_editor.remove_constraint(self.model, self.operation.constraint)
