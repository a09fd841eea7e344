"""The tracker of a ticket's changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import FieldError

from help_desk.models import HelpDeskTicket
from help_desk.models.ticket import TRACKED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def test_a_loaded_ticket_has_no_changes(ticket: HelpDeskTicket) -> None:
    loaded = HelpDeskTicket.objects.get(pk=ticket.pk)
    assert loaded.tracker.changed() == {}
    assert set(loaded.tracker.saved_data) == set(TRACKED_FIELDS)


def test_changes_have_their_old_values(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.status = "prog"
    ticket.assigned_to = agent
    assert ticket.tracker.changed() == {"status": "read", "assigned_to": None}
    assert ticket.tracker.has_changed("status")
    assert not ticket.tracker.has_changed("priority")
    assert ticket.tracker.previous("status") == "read"
    assert ticket.tracker.get_field_value("assigned_to") == agent.pk
    ticket.status = "read"
    assert not ticket.tracker.has_changed("status")


def test_a_field_that_is_not_tracked_is_an_error(ticket: HelpDeskTicket) -> None:
    with pytest.raises(FieldError, match="created_datetime"):
        ticket.tracker.has_changed("created_datetime")


def test_a_new_ticket_has_no_saved_values(reporter: Any, capture_queries: Any) -> None:
    new = HelpDeskTicket(created_by=reporter, purpose="app", priority="low", description="A")
    with capture_queries() as queries:
        assert new.tracker.saved_data == {}
        assert new.tracker.previous("status") is None
        assert new.tracker.has_changed("purpose")
    assert len(queries) == 0
    new.save()
    assert new.tracker.changed() == {}


def test_a_new_ticket_with_a_given_id_asks_no_database(reporter: Any, capture_queries: Any) -> None:
    new = HelpDeskTicket(pk=4711, created_by=reporter, purpose="app", priority="low")
    with capture_queries() as queries:
        assert new.tracker.changed() == {}
    assert len(queries) == 0


def test_saving_and_refreshing_reset_the_changes(ticket: HelpDeskTicket) -> None:
    ticket.status = "prog"
    ticket.priority = "low"
    ticket.save(update_fields=["status"])
    assert set(ticket.tracker.changed()) == {"priority"}
    ticket.refresh_from_db()
    assert ticket.tracker.changed() == {}
    ticket.status = "done"
    ticket.tracker.set_saved_fields(fields=["status"])
    assert ticket.tracker.changed() == {}


def test_second_save_records_only_what_changed_since_the_first(ticket: HelpDeskTicket) -> None:
    ticket.status = "prog"
    ticket.save()
    ticket.priority = "urge"
    ticket.save()
    ticket.save()
    assert [event.changes for event in ticket.events.filter(type="update").oldest_first()] == [
        {"status": ["read", "prog"]},
        {"priority": ["med", "urge"]},
    ]


def test_save_after_a_service_call_records_nothing_again(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    # The service changes another instance, the locked one, and refreshes this one.
    event = ticket.services.start(agent)
    ticket.save()
    assert ticket.events.latest("pk") == event
    ticket.priority = "urge"
    ticket.save()
    assert ticket.events.latest("pk").changes == {"priority": ["med", "urge"]}


def test_saved_values_can_be_reset_at_the_end_of_a_block(ticket: HelpDeskTicket) -> None:
    with ticket.tracker("status"):
        ticket.status = "prog"
        ticket.priority = "low"
        assert set(ticket.tracker.changed()) == {"status", "priority"}
    assert set(ticket.tracker.changed()) == {"priority"}


@pytest.mark.parametrize("load", ["defer", "only"])
def test_deferred_fields_are_not_loaded(
    ticket: HelpDeskTicket, load: str, capture_queries: Any
) -> None:
    tickets = HelpDeskTicket.objects.all()
    tickets = tickets.defer("description", "assigned_to") if load == "defer" else tickets.only("pk")
    with capture_queries() as queries:
        deferred = tickets.get(pk=ticket.pk)
        assert deferred.tracker.changed() == {}
    assert len(queries) == 1
    assert "description" in deferred.get_deferred_fields()


def test_a_deferred_field_that_is_read_is_tracked(ticket: HelpDeskTicket) -> None:
    deferred = HelpDeskTicket.objects.defer("description").get(pk=ticket.pk)
    old = deferred.description
    deferred.description = "Another one."
    HelpDeskTicket.objects.update(description="Changed meanwhile.")
    assert deferred.tracker.changed() == {"description": old}


@pytest.mark.parametrize("field", ["description", "assigned_to"])
def test_the_old_value_of_a_deferred_field_is_loaded(
    ticket: HelpDeskTicket, agent: Any, field: str, capture_queries: Any
) -> None:
    values = {"description": "Another one.", "assigned_to": agent}
    deferred = HelpDeskTicket.objects.defer(field).get(pk=ticket.pk)
    setattr(deferred, field, values[field])
    with capture_queries() as queries:
        old = getattr(ticket, HelpDeskTicket._meta.get_field(field).attname)
        assert deferred.tracker.changed() == {field: old}
        assert deferred.tracker.previous(field) == old
    assert len(queries) == 1
    assert getattr(deferred, field) == values[field]
    deferred.save()
    assert deferred.tracker.changed() == {}


def test_an_assignment_is_recorded_once_if_other_fields_are_deferred(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    deferred = HelpDeskTicket.objects.defer("description").get(pk=ticket.pk)
    deferred.assigned_to = agent
    for _ in range(2):
        deferred.save()
    events = deferred.events.filter(type="update")
    # Events store UUID keys as text.
    stored = agent.pk if isinstance(agent.pk, int) else str(agent.pk)
    assert [event.changes for event in events] == [{"assigned_to": [None, stored]}]


def test_loading_tickets_takes_one_query(
    make_ticket: Callable[..., HelpDeskTicket], capture_queries: Any
) -> None:
    for _ in range(3):
        make_ticket()
    with capture_queries() as queries:
        list(HelpDeskTicket.objects.all())
        list(HelpDeskTicket.objects.only("status"))
    assert len(queries) == 2
