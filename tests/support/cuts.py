"""Connections to a database that are cut, as by a restart of its server or by a firewall."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.db import Error, connections

from tests.support import databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

KILL = {databases.POSTGRES: "SELECT pg_terminate_backend(%s)", databases.MARIADB: "KILL %s"}


class Cuts:
    """Cuts a connection at statements that a test chooses, without telling Django."""

    def __init__(self, alias: str) -> None:
        self.connection = connections[alias]
        self.second = self.connection.copy()
        self.second.ensure_connection()
        self.count = 0
        """How many connections were cut."""
        self._dead: Any = None

    def cut(self) -> None:
        """End the connection on the server; where there is none, every statement fails."""
        raw = self.connection.connection
        if raw is None:
            return
        self.count += 1
        if databases.chosen() == databases.SQLITE:
            self._dead = raw
            return
        is_postgres = databases.chosen() == databases.POSTGRES
        number = raw.info.backend_pid if is_postgres else raw.thread_id()
        with self.second.cursor() as cursor:
            cursor.execute(KILL[databases.chosen()], [number])

    def _fail_if_dead(self) -> None:
        if self._dead is not None and self.connection.connection is self._dead:
            with self.connection.wrap_database_errors:
                message = "the connection is closed"
                raise self.connection.Database.OperationalError(message)

    @contextmanager
    def before(self, number: int, *, start: str = "") -> Iterator[list[str]]:
        """Cut it before a statement, counted from 1, of those that begin with a text.

        Yields the statements that were counted.
        """
        counted: list[str] = []

        def run(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            if sql.startswith(start):
                counted.append(sql)
                if len(counted) == number:
                    self.cut()
            self._fail_if_dead()
            return execute(sql, *args)

        with self.connection.execute_wrapper(run):
            yield counted

    @contextmanager
    def after(self, number: int) -> Iterator[list[str]]:
        """Cut it after a statement took effect, before its answer arrived."""
        counted: list[str] = []

        def run(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            self._fail_if_dead()
            result = execute(sql, *args)
            counted.append(sql)
            if len(counted) == number:
                self.cut()
                self._fail_if_dead()
                execute(sql, *args)  # The connection raises its own error.
            return result

        with self.connection.execute_wrapper(run):
            yield counted

    @contextmanager
    def after_commit(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        """Cut it after the first COMMIT took effect, before its answer arrived."""
        commit = self.connection._commit
        counted: list[str] = []

        def lose_answer() -> None:
            commit()
            counted.append("COMMIT")
            if len(counted) == 1:
                self.cut()
                with self.connection.wrap_database_errors:
                    message = "the connection was lost"
                    raise self.connection.Database.OperationalError(message)

        with monkeypatch.context() as patch:
            patch.setattr(self.connection, "_commit", lose_answer)
            yield counted


@contextmanager
def cuts_of(alias: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cuts]:
    """Allow cuts of a connection, in a test without a transaction around it."""
    cuts = Cuts(alias)
    is_sqlite = databases.chosen() == databases.SQLITE
    with monkeypatch.context() as patch:
        if is_sqlite:
            # A database in memory exists as long as it has a connection, here the second one;
            # Django does not close the only one.
            patch.setattr(cuts.connection, "is_in_memory_db", lambda: False)
            patch.setattr(cuts.second, "is_in_memory_db", lambda: False)
        try:
            yield cuts
        finally:
            with suppress(Error):
                cuts.connection.close()
            cuts.connection.ensure_connection()
            cuts.second.close()
