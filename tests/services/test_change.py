"""Changing, deleting and restoring tickets through the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = {"purpose": "comp", "priority": "low", "description": "The coffee is cold."}


def test_save_model_obj_records_history_and_notifies_no_one(
    reporter: Any, manager: Any, agent: Any
) -> None:
    ticket = HelpDeskTicket()
    saved, was_created = ticket.services.save_model_obj(created_by=reporter, actor=agent, **FIELDS)
    assert (saved, was_created) == (ticket, True)
    event = ticket.events.get()
    assert (event.type, event.actor) == (TicketEventType.NEW, agent)
    assert not Notification.objects.exists()


def test_save_model_obj_changes_an_existing_ticket(ticket: HelpDeskTicket) -> None:
    saved, was_created = ticket.services.save_model_obj(status="prog")
    assert (saved, was_created) == (ticket, False)
    assert HelpDeskTicket.objects.get(pk=ticket.pk).status == "prog"


def test_save_model_obj_does_not_change_the_creator(ticket: HelpDeskTicket, agent: Any) -> None:
    with pytest.raises(TypeError, match="created_by"):
        ticket.services.save_model_obj(created_by=agent)


def test_save_model_obj_saves_values_set_on_the_instance(reporter: Any) -> None:
    ticket = HelpDeskTicket(created_by=reporter, **FIELDS)
    assert ticket.services.save_model_obj() == (ticket, True)


def test_update_returns_the_event_with_actor_and_changes(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    event = ticket.services.update(actor=agent, status="done", priority="urge")
    assert event == ticket.events.latest("pk")
    assert (ticket.status, ticket.priority) == ("done", "urge")
    assert (event.type, event.actor) == (TicketEventType.UPDATE, agent)
    assert event.changes == {"status": ["read", "done"], "priority": ["med", "urge"]}


@pytest.mark.parametrize("method", ["update", "save_model_obj"])
@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"status": "todo"}, {"status"}),
        ({"priority": "", "description": " "}, {"priority", "description"}),
    ],
    ids=["one", "two"],
)
def test_invalid_change_names_each_field_and_saves_nothing(
    ticket: HelpDeskTicket, method: str, change: dict[str, Any], names: set[str]
) -> None:
    actor = {"actor": None} if method == "update" else {}
    with pytest.raises(ValidationError) as caught:
        getattr(ticket.services, method)(**actor, **change)
    assert caught.value.message_dict.keys() == names
    saved = HelpDeskTicket.objects.get(pk=ticket.pk)
    assert (saved.status, saved.priority) == ("read", "med")
    assert saved.events.count() == 1


@pytest.mark.parametrize("name", ["color", "created_by", "pk"])
def test_field_that_is_not_writable_is_a_type_error(
    ticket: HelpDeskTicket, agent: Any, name: str
) -> None:
    with pytest.raises(TypeError, match=repr(name)):
        ticket.services.update(actor=agent, **{name: agent})
    assert ticket.events.count() == 1


def test_delete_and_restore_keep_the_row_and_record_the_actor(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    ticket.services.delete(actor=manager)
    assert HelpDeskTicket.objects.deleted().get() == ticket
    ticket.services.restore(actor=agent)
    assert HelpDeskTicket.objects.active().get() == ticket
    history = [(event.actor, event.changes) for event in ticket.events.oldest_first()][1:]
    assert history == [
        (manager, {"is_deleted": [False, True]}),
        (agent, {"is_deleted": [True, False]}),
    ]


def test_deleting_a_deleted_ticket_returns_no_event(ticket: HelpDeskTicket, manager: Any) -> None:
    assert ticket.services.delete(actor=manager) is not None
    assert ticket.services.delete(actor=manager) is None
    assert ticket.events.count() == 2


def test_notifying_of_a_new_ticket_again_writes_no_duplicates(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, manager: Any
) -> None:
    ticket = create_ticket(created_by=reporter)
    count = Notification.objects.count()
    assert ticket.services.notification.create_new_ticket_notifications() == []
    assert Notification.objects.count() == count


def test_notifying_of_a_new_ticket_again_reaches_new_managers(
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    agent: Any,
    grant: Callable[..., Any],
) -> None:
    ticket = create_ticket(created_by=reporter)
    grant(agent, "delete")
    (row,) = ticket.services.notification.create_new_ticket_notifications()
    assert (row.recipient, row.channel) == (agent, "in_app")


def test_notifying_uses_the_event_of_the_ticket(
    make_ticket: Any, reporter: Any, manager: Any
) -> None:
    make_ticket(created_by=reporter)
    ticket = make_ticket(created_by=reporter)
    rows = ticket.services.notification.create_new_ticket_notifications()
    assert {row.event for row in rows} == {ticket.events.get()}


def test_notifying_records_the_creation_of_a_ticket_that_only_has_later_events(
    reporter: Any, manager: Any
) -> None:
    HelpDeskTicket.objects.bulk_create([HelpDeskTicket(created_by=reporter, **FIELDS)])
    ticket = HelpDeskTicket.objects.get()
    ticket.services.start(manager)
    rows = ticket.services.notification.create_new_ticket_notifications()
    assert {row.event.type for row in rows} == {TicketEventType.NEW}


@pytest.mark.parametrize("method", ["start", "complete", "reopen"])
def test_actor_of_a_change_of_status_is_recorded(
    ticket: HelpDeskTicket, agent: Any, method: str
) -> None:
    if method == "reopen":
        ticket.services.complete(None)
    event = getattr(ticket.services, method)(agent)
    assert event.actor == agent


def test_notifying_records_the_first_event_of_a_ticket_without_history(
    reporter: Any, manager: Any
) -> None:
    (ticket,) = HelpDeskTicket.objects.bulk_create([HelpDeskTicket(created_by=reporter, **FIELDS)])
    ticket = HelpDeskTicket.objects.get()
    rows = ticket.services.notification.create_new_ticket_notifications()
    event = ticket.events.get()
    assert (event.type, event.actor) == (TicketEventType.NEW, reporter)
    assert event.created_datetime == ticket.created_datetime
    assert manager in {row.recipient for row in rows}
