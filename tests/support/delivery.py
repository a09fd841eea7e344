"""Helpers for delivery tests: channels, rows and a clock."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.utils import timezone

from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    import pytest


def use_channels(settings: Any, *names: str) -> None:
    """Configure channels of `tests.support.channels`."""
    paths = [f"tests.support.channels.{name}" for name in names]
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": paths}


def update_waiting(**values: Any) -> None:
    """Change every row that is still to be sent."""
    Notification.objects.exclude(due_datetime=None).write(**values)


def statuses() -> Counter[str]:
    """Return status to the number of rows."""
    return Counter(Notification.objects.values_list("status", flat=True))


@contextmanager
def interrupted_at(alias: str, number: int, action: Callable[[], object]) -> Iterator[list[str]]:
    """Call a function before a statement, counted from 1, unless that is in a transaction.

    Yields the list of statements, including those of the function.
    """
    statements: list[str] = []

    def run(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        statements.append(sql)
        if len(statements) == number and not connections[alias].in_atomic_block:
            action()
        return execute(sql, *args)

    with connections[alias].execute_wrapper(run):
        yield statements


class Clock:
    """Replaces `timezone.now()`; it advances only by `advance()`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def advance(self, time: timedelta) -> None:
        self.now += time

    @contextmanager
    def shifted(self, difference: timedelta) -> Iterator[None]:
        """Act as a machine whose clock differs."""
        self.now += difference
        yield
        self.now -= difference
