"""The events that `HelpDeskTicket.save()` records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connections

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def fail_at(database_alias: str) -> Callable[[str], Any]:
    """Make SQL statements that contain a text fail: `with fail_at("INSERT"):`."""

    def wrapper_for(part: str) -> Any:
        def fail(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
            if part in sql:
                message = "The disk is full."
                raise DatabaseError(message)
            return execute(sql, *args)

        return connections[database_alias].execute_wrapper(fail)

    return wrapper_for


def last_event(ticket: HelpDeskTicket) -> TicketEvent:
    return ticket.events.latest("pk")


def test_first_event_records_the_initial_values(ticket: HelpDeskTicket) -> None:
    event = ticket.events.get()
    assert event.type == TicketEventType.NEW
    assert event.changes == {
        "purpose": [None, "app"],
        "priority": [None, "med"],
        "status": [None, "read"],
        "description": [None, ticket.description],
    }
    assert event.created_datetime == ticket.created_datetime


def test_direct_save_records_old_and_new_values(ticket: HelpDeskTicket) -> None:
    ticket.status = "done"
    ticket.description = "Solved: it was unplugged."
    old = ticket.tracker.previous("description")
    ticket.save()
    event = last_event(ticket)
    assert (event.type, event.actor) == (TicketEventType.UPDATE, None)
    assert event.changes == {
        "status": ["read", "done"],
        "description": [old, "Solved: it was unplugged."],
    }


def test_direct_save_records_the_actor(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.status = "prog"
    ticket.save(actor=agent)
    assert last_event(ticket).actor == agent


def test_save_without_a_change_records_no_event(ticket: HelpDeskTicket) -> None:
    ticket.save()
    HelpDeskTicket.objects.get(pk=ticket.pk).save()
    assert ticket.events.count() == 1


def test_each_save_records_the_changes_since_the_previous_one(ticket: HelpDeskTicket) -> None:
    for status in ("prog", "done"):
        ticket.status = status
        ticket.save()
    changes = [event.changes for event in ticket.events.oldest_first()][1:]
    assert changes == [{"status": ["read", "prog"]}, {"status": ["prog", "done"]}]


def test_update_fields_records_only_those_and_the_next_save_the_rest(
    ticket: HelpDeskTicket,
) -> None:
    ticket.status, ticket.priority = "prog", "urge"
    ticket.save(update_fields=["status"])
    assert last_event(ticket).changes == {"status": ["read", "prog"]}
    ticket.save()
    assert last_event(ticket).changes == {"priority": ["med", "urge"]}


@pytest.mark.parametrize("how", ["only", "defer"])
def test_old_value_of_a_deferred_field_is_recorded(ticket: HelpDeskTicket, how: str) -> None:
    names = {"only": ["description"], "defer": ["status"]}[how]
    partial = getattr(HelpDeskTicket.objects, how)(*names).get(pk=ticket.pk)
    partial.status = "done"
    partial.save()
    assert last_event(ticket).changes == {"status": ["read", "done"]}
    assert HelpDeskTicket.objects.get(pk=ticket.pk).status == "done"


def test_refresh_discards_unsaved_changes(ticket: HelpDeskTicket) -> None:
    ticket.status = "done"
    ticket.refresh_from_db()
    ticket.save()
    assert ticket.events.count() == 1


@pytest.mark.parametrize("table", ["_ticket", "_ticket_event"])
def test_change_of_a_failed_save_is_recorded_by_the_next_save(
    ticket: HelpDeskTicket,
    fail_at: Callable[[str], Any],
    transactional_db: None,
    table: str,
) -> None:
    ticket.status = "done"
    statement = {"_ticket": "UPDATE", "_ticket_event": "INSERT"}[table]
    with fail_at(statement), pytest.raises(DatabaseError):
        ticket.save()
    assert HelpDeskTicket.objects.get(pk=ticket.pk).status == "read"
    ticket.save()
    assert last_event(ticket).changes == {"status": ["read", "done"]}
    assert ticket.events.count() == 2


def test_new_ticket_of_a_failed_save_is_still_new(
    reporter: Any, fail_at: Callable[[str], Any], transactional_db: None
) -> None:
    ticket = HelpDeskTicket(
        created_by=reporter, purpose="app", priority="low", description="The mouse is dead."
    )
    with fail_at("_ticket_event"), pytest.raises(DatabaseError):
        ticket.save()
    assert (ticket.pk, ticket._state.adding) == (None, True)
    assert not HelpDeskTicket.objects.exists()
    ticket.save()
    assert ticket.events.get().type == TicketEventType.NEW


def state_of(ticket: HelpDeskTicket) -> tuple[object, ...]:
    """Return everything that a failed save must restore."""
    names = [field.attname for field in HelpDeskTicket._meta.concrete_fields]
    values = {name: getattr(ticket, name) for name in names}
    return values, ticket._state.adding, ticket._state.db, ticket.tracker.changed()


@pytest.mark.parametrize("method", ["save", "create"])
def test_failed_save_of_a_new_ticket_restores_the_instance(
    reporter: Any,
    agent: Any,
    fail_at: Callable[[str], Any],
    transactional_db: None,
    method: str,
) -> None:
    ticket = HelpDeskTicket(
        created_by=reporter,
        assigned_to=agent,
        purpose="app",
        priority="low",
        status="done",
        description="The mouse is dead.",
    )
    before = state_of(ticket)
    with fail_at("_ticket_event"), pytest.raises(DatabaseError):
        ticket.save() if method == "save" else ticket.services.create(reporter)
    assert (ticket.pk, ticket._state.adding) == (None, True)
    assert state_of(ticket) == before
    assert not HelpDeskTicket.objects.exists()


def test_failed_save_of_an_existing_ticket_restores_the_instance(
    ticket: HelpDeskTicket, fail_at: Callable[[str], Any], transactional_db: None
) -> None:
    ticket.priority, ticket.status = "urge", "done"
    before = state_of(ticket)
    assert before[3] == {"priority": "med", "status": "read"}
    with fail_at("_ticket_event"), pytest.raises(DatabaseError):
        ticket.save()
    assert state_of(ticket) == before


def test_queryset_update_records_no_event(ticket: HelpDeskTicket) -> None:
    HelpDeskTicket.objects.filter(pk=ticket.pk).update(status="done")
    assert ticket.events.count() == 1


def test_copied_ticket_has_its_own_history(ticket: HelpDeskTicket) -> None:
    first = ticket.pk
    ticket.pk, ticket._state.adding = None, True
    ticket.save()
    assert ticket.pk != first
    assert ticket.events.get().type == TicketEventType.NEW


def test_event_as_text_names_type_and_ticket(ticket: HelpDeskTicket) -> None:
    assert str(ticket.events.get()) == f"Created: Ticket #{ticket.pk}"
