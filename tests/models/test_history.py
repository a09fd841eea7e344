"""The events that saving a ticket leaves, with or without the service."""

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
    """Makes the database fail at statements that hold a text: `with fail_at("INSERT")`."""

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


def test_first_event_keeps_what_the_ticket_said(ticket: HelpDeskTicket) -> None:
    event = ticket.events.get()
    assert event.type == TicketEventType.NEW
    assert event.changes == {
        "purpose": [None, "app"],
        "priority": [None, "med"],
        "status": [None, "read"],
        "description": [None, ticket.description],
    }
    assert event.created_datetime == ticket.created_datetime


def test_direct_save_records_old_and_new(ticket: HelpDeskTicket) -> None:
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


def test_actor_of_a_direct_save_is_kept(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.status = "prog"
    ticket.save(actor=agent)
    assert last_event(ticket).actor == agent


def test_save_without_a_change_leaves_no_event(ticket: HelpDeskTicket) -> None:
    ticket.save()
    HelpDeskTicket.objects.get(pk=ticket.pk).save()
    assert ticket.events.count() == 1


def test_each_save_records_what_changed_since_the_last(ticket: HelpDeskTicket) -> None:
    for status in ("prog", "done"):
        ticket.status = status
        ticket.save()
    changes = [event.changes for event in ticket.events.oldest_first()][1:]
    assert changes == [{"status": ["read", "prog"]}, {"status": ["prog", "done"]}]


def test_update_fields_records_those_and_leaves_the_rest_to_the_next_save(
    ticket: HelpDeskTicket,
) -> None:
    ticket.status, ticket.priority = "prog", "urge"
    ticket.save(update_fields=["status"])
    assert last_event(ticket).changes == {"status": ["read", "prog"]}
    ticket.save()
    assert last_event(ticket).changes == {"priority": ["med", "urge"]}


@pytest.mark.parametrize("how", ["only", "defer"])
def test_old_value_of_a_deferred_field_is_known(ticket: HelpDeskTicket, how: str) -> None:
    names = {"only": ["description"], "defer": ["status"]}[how]
    partial = getattr(HelpDeskTicket.objects, how)(*names).get(pk=ticket.pk)
    partial.status = "done"
    partial.save()
    assert last_event(ticket).changes == {"status": ["read", "done"]}
    assert HelpDeskTicket.objects.get(pk=ticket.pk).status == "done"


def test_refreshed_ticket_forgets_what_was_not_saved(ticket: HelpDeskTicket) -> None:
    ticket.status = "done"
    ticket.refresh_from_db()
    ticket.save()
    assert ticket.events.count() == 1


@pytest.mark.parametrize("table", ["_ticket", "_ticket_event"])
def test_change_whose_save_failed_is_recorded_by_the_next(
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


def test_new_ticket_whose_event_failed_is_new_at_the_next_save(
    reporter: Any, fail_at: Callable[[str], Any], transactional_db: None
) -> None:
    ticket = HelpDeskTicket(
        created_by=reporter, purpose="app", priority="low", description="Mouse dead"
    )
    with fail_at("_ticket_event"), pytest.raises(DatabaseError):
        ticket.save()
    assert (ticket.pk, ticket._state.adding) == (None, True)
    assert not HelpDeskTicket.objects.exists()
    ticket.save()
    assert ticket.events.get().type == TicketEventType.NEW


def test_queryset_update_leaves_no_event(ticket: HelpDeskTicket) -> None:
    HelpDeskTicket.objects.filter(pk=ticket.pk).update(status="done")
    assert ticket.events.count() == 1


def test_copied_ticket_has_a_history_of_its_own(ticket: HelpDeskTicket) -> None:
    first = ticket.pk
    ticket.pk, ticket._state.adding = None, True
    ticket.save()
    assert ticket.pk != first
    assert ticket.events.get().type == TicketEventType.NEW


def test_event_says_what_happened_to_which_ticket(ticket: HelpDeskTicket) -> None:
    assert str(ticket.events.get()) == f"Created: Ticket #{ticket.pk}"
