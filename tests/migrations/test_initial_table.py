"""`0001_initial` creates the table of django-spire's help desk, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from tests.support import databases

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.hosts("default")  # other hosts have other user IDs

TABLE = "django_spire_help_desk_ticket"
COLUMNS = [
    "id",
    "is_active",
    "is_deleted",
    "created_datetime",
    "purpose",
    "priority",
    "status",
    "description",
    "created_by_id",
]

TYPES = {
    databases.SQLITE: [
        "integer",
        "bool",
        "bool",
        "datetime",
        "varchar(4)",
        "varchar(4)",
        "varchar(4)",
        "text",
        "integer",
    ],
    databases.POSTGRES: [
        "bigint",
        "boolean",
        "boolean",
        "timestamp with time zone",
        "character varying(4)",
        "character varying(4)",
        "character varying(4)",
        "text",
        "integer",
    ],
    databases.MARIADB: [
        "bigint(20)",
        "tinyint(1)",
        "tinyint(1)",
        "datetime(6)",
        "varchar(4)",
        "varchar(4)",
        "varchar(4)",
        "longtext",
        "int(11)",
    ],
}

DESCRIBE = {
    databases.SQLITE: (
        "SELECT name, type, NOT [notnull], dflt_value FROM pragma_table_info('{table}')"
    ),
    databases.POSTGRES: (
        "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull, "
        "pg_get_expr(adbin, adrelid) FROM pg_attribute LEFT JOIN pg_attrdef "
        "ON adrelid = attrelid AND adnum = attnum "
        "WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped "
        "ORDER BY attnum"
    ),
    databases.MARIADB: (
        "SELECT column_name, column_type, is_nullable = 'YES', column_default "
        "FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = '{table}' ORDER BY ordinal_position"
    ),
}


def test_columns_types_and_nullability(migrate: Callable[..., None], database_alias: str) -> None:
    migrate("0001_initial")
    with connections[database_alias].cursor() as cursor:
        cursor.execute(DESCRIBE[databases.chosen()].format(table=TABLE))
        found = [
            (name, kind.lower(), bool(null), default)
            for name, kind, null, default in cursor.fetchall()
        ]
    types = TYPES[databases.chosen()]
    assert found == [(name, kind, False, None) for name, kind in zip(COLUMNS, types, strict=True)]


def test_constraints_are_the_primary_key_the_foreign_key_and_its_index(
    migrate: Callable[..., None], schema: Callable[[], Any]
) -> None:
    migrate("0001_initial")
    assert list(schema()) == [TABLE]
    _description, constraints = schema()[TABLE]
    kinds: dict[str, list[Any]] = {"primary_key": [], "foreign_key": [], "index": []}
    for constraint in constraints.values():
        assert not constraint["check"]
        for kind, found in kinds.items():
            if constraint[kind]:
                found.append(constraint["columns"])
        assert not constraint["unique"] or constraint["primary_key"]
    assert kinds["primary_key"] == [["id"]]
    assert kinds["foreign_key"] == [["created_by_id"]]
    assert [columns for columns in kinds["index"] if columns != ["id"]] == [["created_by_id"]]
