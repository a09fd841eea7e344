"""Database errors during a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connections

from help_desk.delivery import batch, retry
from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support.channels import ScriptedChannel
from tests.support.delivery import Clock, statuses

if TYPE_CHECKING:
    from collections.abc import Callable

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
