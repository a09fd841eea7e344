"""A connection to the database that is cut during a run."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from help_desk.delivery.runner import DeliveryReport, deliver
from help_desk.models import Notification
from tests.support.cuts import Cuts, cuts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from help_desk.models import HelpDeskTicket
    from tests.support.channels import ScriptedChannel

    Waiting = Callable[[int], list[Notification]]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cuts(database_alias: str, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Cuts]:
    with cuts_of(database_alias, monkeypatch) as cuts:
        yield cuts


@pytest.fixture
def emails(
    settings: Any,
    manager: Any,
    agent: Any,
    developer: Any,
    create_ticket: Callable[..., HelpDeskTicket],
) -> Callable[[], None]:
    """Make the emails of a new ticket due, and those of two replies: the second one later."""
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}
    ticket = create_ticket(created_by=manager)
    for text in ("It works again.", "Since noon."):
        ticket.services.comment(agent, text)
    last = Notification.objects.filter(channel="email").latest("event_id").event_id

    def reset() -> None:
        mail.outbox.clear()
        now = timezone.now()
        rows = Notification.objects.filter(channel="email")
        rows.write(status="wait", due_datetime=now, attempts=0, lease=None, error="")
        rows.filter(event_id=last).write(due_datetime=now + timedelta(seconds=20))
        if not rows.filter(recipient=manager).exists():
            rows.write(due_datetime=now)  # users without addresses

    return reset


def messages() -> Counter[tuple[str, str]]:
    # Bodies contain a link with a signature of the time.
    return Counter((message.to[0], message.subject) for message in mail.outbox)


def assert_sent_once(expected: Counter[tuple[str, str]], message: str) -> None:
    assert messages() == expected, message
    rows = Notification.objects.filter(channel="email")
    assert set(rows.values_list("status", "lease", "attempts", "error")) == {
        ("sent", None, 1, "")
    }, message


@pytest.mark.parametrize("moment", ["before", "after"])
def test_connection_that_is_cut_at_any_statement_delays_nothing(
    cuts: Cuts, emails: Callable[[], None], moment: str
) -> None:
    emails()
    deliver()
    expected = messages()
    number = 0
    statements = [""]
    while len(statements) > number:
        number += 1
        emails()
        with getattr(cuts, moment)(number) as statements:
            deliver()
        if len(statements) >= number:
            assert_sent_once(expected, f"{moment} statement {number}: {statements[number - 1]}")
    assert number > 5


def test_rows_of_a_claim_whose_commit_is_not_confirmed_are_sent_once(
    cuts: Cuts, emails: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not connections[cuts.connection.alias].features.has_select_for_update_skip_locked:
        pytest.skip("claims by a single statement")
    emails()
    deliver()
    expected = messages()
    emails()
    with cuts.after_commit(monkeypatch) as commits:
        deliver()
    assert len(commits) >= 1
    assert_sent_once(expected, "after COMMIT")


def test_rows_that_there_was_no_time_for_are_released_after_a_cut(
    waiting: Waiting, channel: type[ScriptedChannel], cuts: Cuts
) -> None:
    waiting(3)
    channel.act = lambda row: None
    with cuts.before(3, start="UPDATE") as statements:
        # The first claims, the second records, and the third releases.
        assert deliver(max_time=timedelta(0)) == DeliveryReport(sent=1)
    assert len(statements) > 2
    assert not Notification.objects.exclude(lease=None).exists()
    assert deliver() == DeliveryReport(sent=2)
