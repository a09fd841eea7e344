"""A lease that is over before the first message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from help_desk.delivery import batch, runner
from tests.support.hosts import with_email


@with_email
def test_nothing_is_sent_after_the_lease_has_ended(
    create_ticket: Any, mailoutbox: list[Any], settings: Any, monkeypatch: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}
    create_ticket()
    # As if claiming and reading took longer than the lease, such as in a suspended process.
    monkeypatch.setattr(batch, "LEASE", timedelta(0))
    runner.deliver(max_rows=1, max_time=timedelta(seconds=0.1))
    assert mailoutbox == []
