"""Deliveries and the transactions of a host."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connections, transaction
from django.test import TestCase
from django.urls import reverse

from help_desk.delivery import runner
from help_desk.delivery.runner import deliver
from tests.support.delivery import statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from help_desk.models import HelpDeskTicket, Notification

    Waiting = Callable[[int], list[Notification]]

IN_TRANSACTION = "Notifications cannot be sent in a transaction of the database"

in_transactions = pytest.mark.django_db(transaction=True)
RUNS: dict[str, Callable[[str], object]] = {
    "deliver": lambda using: deliver(),
    "after-commit": lambda using: runner.deliver_after_commit(event_id=None, using=using),
    "command": lambda using: call_command("help_desk_deliver", stdout=StringIO()),
}


@pytest.fixture
def without_autocommit(database_alias: str) -> Iterator[None]:
    transaction.set_autocommit(False, using=database_alias)
    yield
    transaction.rollback(using=database_alias)
    transaction.set_autocommit(True, using=database_alias)


@in_transactions
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_delivery_in_a_transaction_is_an_error_and_sends_nothing(
    waiting: Waiting, database_alias: str, run: Callable[[str], object]
) -> None:
    waiting(2)
    with transaction.atomic(using=database_alias):
        with pytest.raises(RuntimeError, match=IN_TRANSACTION):
            run(database_alias)
        # The transaction can go on.
        assert statuses() == {"wait": 2}
    assert mail.outbox == []
    deliver()
    assert statuses() == {"sent": 2}


@in_transactions
def test_delivery_without_autocommit_is_an_error(
    waiting: Waiting, request: pytest.FixtureRequest
) -> None:
    waiting(1)
    request.getfixturevalue("without_autocommit")
    with pytest.raises(RuntimeError, match=f"{IN_TRANSACTION}.* with autocommit"):
        deliver()
    assert mail.outbox == []


def test_nested_transaction_in_a_test_case_is_an_error(
    waiting: Waiting, database_alias: str
) -> None:
    waiting(1)
    with transaction.atomic(using=database_alias), pytest.raises(RuntimeError):
        deliver()
    deliver()
    assert statuses() == {"sent": 1}


def test_test_case_of_a_host_delivers_in_its_transaction(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    with TestCase.captureOnCommitCallbacks(using=database_alias, execute=True):
        create_ticket(created_by=reporter)
    assert set(statuses()) == {"sent"}
    assert mail.outbox


@in_transactions
def test_delivery_follows_the_outermost_of_nested_transactions(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    with transaction.atomic(using=database_alias):
        with transaction.atomic(using=database_alias):
            create_ticket(created_by=reporter)
        assert mail.outbox == []
    assert mail.outbox
    assert set(statuses()) == {"sent"}


@in_transactions
def test_delivery_follows_when_autocommit_is_turned_on_again(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    transaction.set_autocommit(False, using=database_alias)
    try:
        create_ticket(created_by=reporter)
        transaction.commit(using=database_alias)
        assert mail.outbox == []
    finally:
        transaction.set_autocommit(True, using=database_alias)
    assert mail.outbox
    assert set(statuses()) == {"sent"}


@in_transactions
def test_delivery_follows_a_request_in_a_transaction(
    client_of: Callable[[Any], Any],
    reporter: Any,
    database_alias: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connections[database_alias].settings_dict, "ATOMIC_REQUESTS", True)
    values = {"purpose": "app", "priority": "low", "description": "The printer jams."}
    response = client_of(reporter).post(reverse("django_spire:help_desk:form:create"), values)
    assert response.status_code == 302
    assert mail.outbox
    assert set(statuses()) == {"sent"}
