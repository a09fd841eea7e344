"""Faults at a certain SQL statement of the current thread."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import OperationalError, connection

from tests.faults import journal

LOCK_SECONDS = 0.3


class Disturbance:
    """Disturbs the n-th statement, by one of `FAULTS`."""

    def __init__(self, name: str, number: int, **details: Any) -> None:
        self.name = name
        self.number = number
        self.details = details
        self.seen = 0
        self.has_fired = False

    def __call__(self, run: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        self.seen += 1
        if self.seen == self.number:
            FAULTS[self.name](self._record)
        return run(sql, params, many, context)

    def _record(self) -> None:
        self.has_fired = True
        journal.fault(f"statement: {self.name}", **self.details)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Disturb the block."""
        with connection.execute_wrapper(self):
            yield


def _fail(record: Callable[[], None]) -> None:
    record()
    message = "an injected fault"
    raise OperationalError(message)


def _kill(record: Callable[[], None]) -> None:
    record()
    os.kill(os.getpid(), signal.SIGKILL)


def _disturb_database(record: Callable[[], None]) -> None:
    """Cut the connection at the server; on SQLite, lock the file for a moment."""
    if connection.vendor == "sqlite":
        lock_file(LOCK_SECONDS, record)
        return
    statements = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend(%s)"),
        "mysql": ("SELECT connection_id()", "KILL %s"),
    }
    find, cut = statements[connection.vendor]
    # Not through Django's cursor, which would call this function again.
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(find)
        (number,) = cursor.fetchone()
    other = connection.copy()
    try:
        record()
        with other.cursor() as cursor:
            cursor.execute(cut, [number])
    finally:
        other.close()


def lock_file(seconds: float, record: Callable[[], None]) -> None:
    """Hold SQLite's write lock from a thread, unless another writer has it."""
    path = connection.settings_dict["NAME"]
    writer = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        writer.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        writer.close()
        return
    record()
    threading.Timer(seconds, writer.close).start()


FAULTS = {"failed": _fail, "killed": _kill, "cut or locked": _disturb_database}


@contextmanager
def slow_statements(seconds: float) -> Iterator[None]:
    """Delay each UPDATE, so that runs get in each other's way."""

    def execute(run: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith("UPDATE"):
            time.sleep(random.random() * seconds)
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield


def cut_a_connection() -> None:
    """Cut any other connection to the database; on SQLite, lock the file for a moment."""
    if connection.vendor == "sqlite":
        hold = random.uniform(0.05, 2 * LOCK_SECONDS)
        lock_file(hold, lambda: journal.fault("database locked", seconds=hold))
        return
    find, cut = {
        "postgresql": (
            """SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()""",
            "SELECT pg_terminate_backend(%s)",
        ),
        "mysql": (
            """SELECT id FROM information_schema.processlist
            WHERE db = database() AND id <> connection_id()""",
            "KILL %s",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(find)
        numbers = [number for (number,) in cursor.fetchall()]
        if numbers:
            journal.fault("connection cut")
            with suppress(OperationalError):  # it was closed in the meantime
                cursor.execute(cut, [random.choice(numbers)])
