"""Running actions at the same time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from tests.support import databases

if TYPE_CHECKING:
    from collections.abc import Callable

needs_concurrent_writers = pytest.mark.skipif(
    databases.chosen() == databases.SQLITE,
    reason="an in-memory SQLite database has one connection; run it on PostgreSQL or MariaDB",
)


def run_in_parallel(*actions: Callable[[], object]) -> list[BaseException]:
    """Run each action in its own thread, all at the same time, and return the errors."""
    start = threading.Barrier(len(actions))
    errors: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        try:
            start.wait()
            action()
        except BaseException as error:  # noqa: BLE001 -- returned to the test
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
