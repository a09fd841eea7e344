"""Database errors during a run."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections

from help_desk.delivery import batch, retry
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.management.commands import help_desk_deliver
from help_desk.models import Notification
from tests.support.channels import ScriptedChannel
from tests.support.delivery import Clock, statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Waiting = Callable[[int], list[Notification]]


class FailingUpdates:
    """Makes a number of UPDATE statements of one column fail."""

    def __init__(self, times: int, column: str, alias: str) -> None:
        self.times, self.column = times, column
        self.wrapper = connections[alias].execute_wrapper(self)

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and self.column in sql and self.times:
            self.times -= 1
            message = "deadlock detected"
            raise OperationalError(message)
        return execute(sql, *args)


@pytest.fixture
def retry_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry database statements without a delay."""
    monkeypatch.setattr(retry, "RETRY_DELAYS", (0,) * len(retry.RETRY_DELAYS))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("column", ["lease", "attempts"], ids=["claim", "record"])
def test_temporary_database_error_is_retried(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    database_alias: str,
    retry_without_delay: None,
    column: str,
) -> None:
    (row,) = waiting(1)
    with FailingUpdates(len(retry.RETRY_DELAYS), column, database_alias).wrapper:
        assert deliver() == DeliveryReport(sent=1)
    assert channel.sent == [row.pk]
    assert statuses() == {"sent": 1}


@pytest.mark.django_db(transaction=True)
def test_sent_row_that_cannot_be_recorded_keeps_its_lease(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    database_alias: str,
    retry_without_delay: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    first, *others = waiting(3)
    failing = FailingUpdates(0, "attempts", database_alias)
    channel.act = lambda row: setattr(failing, "times", len(retry.RETRY_DELAYS) + 1)
    with failing.wrapper, pytest.raises(OperationalError):
        deliver()
    channel.act = lambda row: None
    # The others were released; this one must not be sent again at once.
    assert deliver() == DeliveryReport(sent=2)
    assert sorted(channel.sent) == [first.pk, *(row.pk for row in others)]
    clock.now += batch.LEASE
    assert deliver() == DeliveryReport(sent=1)
    assert channel.sent.count(first.pk) == 2


@pytest.mark.django_db(transaction=True)
def test_loop_releases_rows_that_it_could_not_release_while_the_database_was_away(
    waiting: Waiting,
    channel: type[ScriptedChannel],
    database_alias: str,
    retry_without_delay: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = waiting(5)
    clock = Clock(monkeypatch)
    clock.advance(timedelta(seconds=1))
    away = FailingUpdates(0, "", database_alias)
    runs = 0

    def leave(row: Notification) -> None:
        if row == rows[1] and len(channel.sent) == 1:
            # All attempts to record the result and to release, and those of the next run.
            away.times = 4 * (len(retry.RETRY_DELAYS) + 1)

    @contextmanager
    def limited_runs() -> Iterator[Callable[[], bool]]:
        def stop() -> bool:
            nonlocal runs
            runs += 1
            return len(channel.sent) == len(rows) or runs > 500

        yield stop

    monkeypatch.setattr(help_desk_deliver, "stop_requested", limited_runs)
    channel.act = leave
    with away.wrapper:
        call_command("help_desk_deliver", "--loop", "--interval=0.01", stdout=StringIO())
    assert away.times == 0
    # The message whose result could not be recorded keeps its lease.
    assert sorted(channel.sent) == [row.pk for row in rows]
    assert statuses() == {"sent": 4, "wait": 1}
    rows[1].refresh_from_db()
    assert rows[1].lease is not None
