"""Tickets whose save or creation was rolled back by a transaction around it."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import TestCase

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test.utils import CaptureQueriesContext


@pytest.fixture
def rolled_back(database_alias: str) -> Callable[[], Any]:
    """Return a block that is rolled back: `with rolled_back():`."""
    return lambda: RolledBack(database_alias)


class RolledBack:
    def __init__(self, alias: str) -> None:
        self.atomic = transaction.atomic(using=alias)

    def __enter__(self) -> None:
        self.atomic.__enter__()

    def __exit__(self, *raised: object) -> None:
        if raised[0] is None:
            self.atomic.__exit__(RuntimeError, RuntimeError(), None)
        else:
            self.atomic.__exit__(*raised)


def new_ticket(creator: Any) -> HelpDeskTicket:
    return HelpDeskTicket(
        created_by=creator, purpose="app", priority="low", description="The mouse is dead."
    )


def changes_of(ticket: HelpDeskTicket) -> list[dict[str, Any]]:
    return [event.changes for event in ticket.events.filter(type="update").oldest_first()]


@pytest.fixture(params=["transaction", "savepoint"])
def outermost(request: pytest.FixtureRequest) -> None:
    """Run the test with the rolled-back block as a transaction, and as a savepoint in one."""
    request.getfixturevalue("transactional_db" if request.param == "transaction" else "db")


@pytest.mark.usefixtures("outermost")
class TestChange:
    def test_change_is_recorded_when_it_is_saved_again(self, rolled_back, ticket):
        with rolled_back():
            ticket.status = "done"
            ticket.save()
        ticket.save()
        assert HelpDeskTicket.objects.get(pk=ticket.pk).status == "done"
        assert changes_of(ticket) == [{"status": ["read", "done"]}]

    def test_only_what_was_rolled_back_is_recorded_again(self, rolled_back, ticket, database_alias):
        with transaction.atomic(using=database_alias):
            ticket.status = "prog"
            ticket.save()
            with rolled_back():
                ticket.status = "done"
                ticket.save()
                ticket.priority = "urge"
                ticket.save()
            ticket.save()
        ticket.save()
        assert changes_of(ticket) == [
            {"status": ["read", "prog"]},
            {"priority": ["med", "urge"], "status": ["prog", "done"]},
        ]

    def test_nested_saves_are_recorded_once_if_everything_is_rolled_back(
        self, rolled_back, ticket, database_alias
    ):
        with rolled_back():
            ticket.status = "prog"
            ticket.save()
            with transaction.atomic(using=database_alias):
                ticket.priority = "urge"
                ticket.save()
        ticket.save()
        assert changes_of(ticket) == [{"priority": ["med", "urge"], "status": ["read", "prog"]}]

    def test_change_through_a_service_is_recorded_by_the_next_save(
        self, rolled_back, ticket, agent
    ):
        with rolled_back():
            ticket.services.update(actor=agent, status="done")
        ticket.save()
        assert changes_of(ticket) == [{"status": ["read", "done"]}]

    def test_committed_changes_are_recorded_once(self, ticket, database_alias):
        with transaction.atomic(using=database_alias):
            ticket.status = "done"
            ticket.save()
            ticket.save()
        ticket.save()
        assert changes_of(ticket) == [{"status": ["read", "done"]}]

    def test_refreshing_after_the_rollback_discards_the_change(self, rolled_back, ticket):
        with rolled_back():
            ticket.status = "done"
            ticket.save()
        HelpDeskTicket.objects.filter(pk=ticket.pk).update(status="prog")
        ticket.refresh_from_db()
        ticket.save()
        assert changes_of(ticket) == []

    def test_changed_fields_are_known_after_the_rollback(self, rolled_back, ticket):
        with rolled_back():
            ticket.status = "done"
            ticket.save()
            assert ticket.tracker.changed() == {}
        assert ticket.tracker.changed() == {"status": "read"}


@pytest.mark.usefixtures("outermost")
class TestCreation:
    def test_ticket_can_be_saved_again(self, rolled_back, reporter):
        ticket = new_ticket(reporter)
        with rolled_back():
            ticket.save()
        ticket.save()
        assert HelpDeskTicket.objects.get() == ticket
        assert ticket.events.get().type == TicketEventType.NEW

    def test_ticket_can_be_created_again_through_the_service(
        self, rolled_back, reporter, agent, database_alias
    ):
        ticket = HelpDeskTicket(assigned_to=agent)
        values = {"purpose": "app", "priority": "low", "description": "The mouse is dead."}
        with rolled_back():
            ticket.services.create(reporter, **values)
        ticket.services.create(reporter, **values)
        assert HelpDeskTicket.objects.get() == ticket
        assert [event.type for event in ticket.events.oldest_first()] == ["new", "update"]
        assert TicketEvent.objects.count() == 2

    def test_ticket_can_be_created_again_without_notifications(self, rolled_back, reporter):
        ticket = new_ticket(reporter)
        with rolled_back():
            ticket.services.save_model_obj()
        assert ticket.services.save_model_obj() == (ticket, True)
        assert ticket.events.get().type == TicketEventType.NEW

    def test_given_id_is_kept(self, rolled_back, reporter):
        ticket = new_ticket(reporter)
        ticket.pk = 4711
        with rolled_back():
            ticket.save()
        ticket.save()
        assert HelpDeskTicket.objects.get().pk == 4711
        assert ticket.events.get().type == TicketEventType.NEW

    def test_copy_of_a_ticket_can_be_saved_again(self, rolled_back, ticket):
        first = ticket.pk
        ticket.pk, ticket._state.adding = None, True
        with rolled_back():
            ticket.save()
        ticket.save()
        assert ticket.pk != first
        assert ticket.events.get().type == TicketEventType.NEW


COPIES: dict[str, Callable[[HelpDeskTicket], HelpDeskTicket]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda ticket: pickle.loads(pickle.dumps(ticket)),  # noqa: S301 -- its own
}


@pytest.mark.parametrize("make_copy", COPIES.values(), ids=COPIES)
def test_copied_instance_records_its_own_changes(
    ticket: HelpDeskTicket, make_copy: Callable[[HelpDeskTicket], HelpDeskTicket]
) -> None:
    copied = make_copy(ticket)
    copied.status = "done"
    assert (copied.tracker.changed(), ticket.tracker.changed()) == ({"status": "read"}, {})
    copied.save()
    assert changes_of(ticket) == [{"status": ["read", "done"]}]
    copied.save()
    assert len(changes_of(ticket)) == 1


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
@pytest.mark.usefixtures("outermost")
def test_copy_of_a_ticket_whose_save_is_rolled_back_records_the_change(
    rolled_back: Callable[[], Any],
    ticket: HelpDeskTicket,
    make_copy: Callable[[HelpDeskTicket], HelpDeskTicket],
) -> None:
    with rolled_back():
        ticket.status = "done"
        ticket.save()
        copied = make_copy(ticket)
    copied.save()
    assert changes_of(ticket) == [{"status": ["read", "done"]}]


def test_rollbacks_are_detected_without_queries(
    rolled_back: Callable[[], Any],
    ticket: HelpDeskTicket,
    capture_queries: Callable[[], CaptureQueriesContext],
) -> None:
    def statements() -> list[str]:
        return [query["sql"].split()[0] for query in queries]

    ticket.status = "prog"
    with rolled_back(), capture_queries() as queries:
        ticket.save()
    assert statements() == ["UPDATE", "INSERT"]
    with capture_queries() as queries:
        ticket.save()
    assert statements() == ["UPDATE", "INSERT"]


@pytest.mark.django_db(transaction=True)
def test_callback_after_the_commit_sees_a_saved_ticket(reporter: Any, database_alias: str) -> None:
    ticket = new_ticket(reporter)
    with transaction.atomic(using=database_alias):
        transaction.on_commit(ticket.save, using=database_alias)
        ticket.save()
    assert HelpDeskTicket.objects.get() == ticket
    assert ticket.events.count() == 1


class TestInDjangoTestCase(TestCase):
    databases = "__all__"

    @classmethod
    def setUpTestData(cls) -> None:
        from tests.support.factories import TicketFactory  # noqa: PLC0415

        cls.ticket = TicketFactory()

    def test_first(self) -> None:
        self.change()

    def test_second(self) -> None:
        self.change()

    def change(self) -> None:
        self.ticket.status = "done"
        self.ticket.save()
        assert changes_of(self.ticket) == [{"status": ["read", "done"]}]
