"""Doing things at the same moment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from tests.support import databases

if TYPE_CHECKING:
    from collections.abc import Callable

needs_a_server = pytest.mark.skipif(
    databases.chosen() == databases.SQLITE, reason="a SQLite database in memory has one writer"
)


def at_once(*actions: Callable[[], object]) -> list[BaseException]:
    """Run each action in a thread of its own, all from the same moment on; give the errors."""
    start = threading.Barrier(len(actions))
    errors: list[BaseException] = []

    def run(action: Callable[[], object]) -> None:
        try:
            start.wait()
            action()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
