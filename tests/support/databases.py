"""The databases that the tests run on.

Server addresses are read from environment variables; the defaults are those of a local
installation.
"""

from __future__ import annotations

import os
import socket
import sys
import zlib
from pathlib import Path
from typing import Any

import django

SQLITE, POSTGRES, MARIADB = "sqlite", "postgres", "mariadb"


def chosen() -> str:
    """Return the database that `HELP_DESK_TEST_DATABASE` selects."""
    name = os.environ.get("HELP_DESK_TEST_DATABASE", SQLITE)
    if name not in _MAKERS:
        message = f"HELP_DESK_TEST_DATABASE must be one of {', '.join(_MAKERS)}, not {name!r}."
        raise ValueError(message)
    return name


def configuration(alias: str = "default") -> dict[str, Any]:
    """Return an entry of DATABASES for the selected database."""
    return _MAKERS[chosen()](_name(alias))


def unreachable_reason() -> str | None:
    """Return why the selected server cannot be reached, or None if it can."""
    database = configuration()
    if chosen() == SQLITE:
        return None
    address = (database["HOST"], int(database["PORT"]))
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError as error:
        return f"no {chosen()} server at {address[0]}:{address[1]} ({error})"
    return None


def _name(alias: str) -> str:
    """Return a name that is unique to this checkout, Python, Django and host."""
    checkout = zlib.crc32(str(Path(__file__).parent).encode())
    versions = f"{sys.version_info.minor}_{django.VERSION[0]}{django.VERSION[1]}"
    host = os.environ.get("HELP_DESK_TEST_HOST", "default")
    return f"help_desk_{checkout:08x}_{versions}_{host}_{alias}"


def _sqlite(name: str) -> dict[str, Any]:
    # Tests use a database in memory; the file is used outside of tests.
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{name}.sqlite3"}


def _postgres(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "HOST": os.environ.get("HELP_DESK_TEST_POSTGRES_HOST", "127.0.0.1"),
        "PORT": os.environ.get("HELP_DESK_TEST_POSTGRES_PORT", "5432"),
        "USER": os.environ.get("HELP_DESK_TEST_POSTGRES_USER", "postgres"),
        "PASSWORD": os.environ.get("HELP_DESK_TEST_POSTGRES_PASSWORD", ""),
    }


def _mariadb(name: str) -> dict[str, Any]:
    try:
        import MySQLdb  # noqa: F401, PLC0415 -- only to see whether it is installed
    except ImportError:
        import pymysql  # noqa: PLC0415 -- replaces mysqlclient where it cannot be compiled

        pymysql.install_as_MySQLdb()
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": name,
        "HOST": os.environ.get("HELP_DESK_TEST_MARIADB_HOST", "127.0.0.1"),
        "PORT": os.environ.get("HELP_DESK_TEST_MARIADB_PORT", "3306"),
        "USER": os.environ.get("HELP_DESK_TEST_MARIADB_USER", "root"),
        "PASSWORD": os.environ.get("HELP_DESK_TEST_MARIADB_PASSWORD", ""),
        "OPTIONS": {"charset": "utf8mb4"},
        "TEST": {"CHARSET": "utf8mb4"},  # for emoji
    }


_MAKERS = {SQLITE: _sqlite, POSTGRES: _postgres, MARIADB: _mariadb}
