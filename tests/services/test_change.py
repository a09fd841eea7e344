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


def test_model_object_is_saved_with_history_telling_nobody(
    reporter: Any, manager: Any, agent: Any
) -> None:
    ticket = HelpDeskTicket()
    saved, was_created = ticket.services.save_model_obj(created_by=reporter, actor=agent, **FIELDS)
    assert (saved, was_created) == (ticket, True)
    event = ticket.events.get()
    assert (event.type, event.actor) == (TicketEventType.NEW, agent)
    assert not Notification.objects.exists()


def test_model_object_that_exists_is_changed(ticket: HelpDeskTicket) -> None:
    saved, was_created = ticket.services.save_model_obj(status="prog")
    assert (saved, was_created) == (ticket, False)
    assert HelpDeskTicket.objects.get(pk=ticket.pk).status == "prog"


def test_model_object_that_was_filled_before_is_saved(reporter: Any) -> None:
    ticket = HelpDeskTicket(created_by=reporter, **FIELDS)
    assert ticket.services.save_model_obj() == (ticket, True)


def test_update_changes_and_records_who_did_it(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    assert ticket.services.update(actor=agent, status="done", priority="urge") is ticket
    event = ticket.events.latest("pk")
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
def test_invalid_change_is_named_by_field_and_not_written(
    ticket: HelpDeskTicket, method: str, change: dict[str, Any], names: set[str]
) -> None:
    by = {"by": None} if method == "update" else {}
    with pytest.raises(ValidationError) as caught:
        getattr(ticket.services, method)(**by, **change)
    assert caught.value.message_dict.keys() == names
    saved = HelpDeskTicket.objects.get(pk=ticket.pk)
    assert (saved.status, saved.priority) == ("read", "med")
    assert saved.events.count() == 1


@pytest.mark.parametrize("name", ["colour", "created_by", "pk"])
def test_field_that_cannot_be_changed_is_a_type_error(
    ticket: HelpDeskTicket, agent: Any, name: str
) -> None:
    with pytest.raises(TypeError, match=repr(name)):
        ticket.services.update(actor=agent, **{name: agent})
    assert ticket.events.count() == 1


def test_delete_and_restore_keep_the_row_and_say_who(
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


def test_deleting_what_is_deleted_adds_nothing(ticket: HelpDeskTicket, manager: Any) -> None:
    ticket.services.delete(actor=manager)
    ticket.services.delete(actor=manager)
    assert ticket.events.count() == 2


def test_notifications_are_written_once_however_often_asked_for(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, manager: Any
) -> None:
    ticket = create_ticket(created_by=reporter)
    count = Notification.objects.count()
    assert ticket.services.notification.create_new_ticket_notifications() == []
    assert Notification.objects.count() == count


def test_who_became_manager_since_is_told_when_asked_for_again(
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    agent: Any,
    grant: Callable[..., Any],
) -> None:
    ticket = create_ticket(created_by=reporter)
    grant(agent, "delete")
    (row,) = ticket.services.notification.create_new_ticket_notifications()
    assert (row.recipient, row.channel) == (agent, "in_app")


def test_ticket_without_history_gets_its_first_event_when_people_are_told(
    reporter: Any, manager: Any
) -> None:
    (ticket,) = HelpDeskTicket.objects.bulk_create([HelpDeskTicket(created_by=reporter, **FIELDS)])
    ticket = HelpDeskTicket.objects.get()
    rows = ticket.services.notification.create_new_ticket_notifications()
    event = ticket.events.get()
    assert (event.type, event.actor) == (TicketEventType.NEW, reporter)
    assert event.created_datetime == ticket.created_datetime
    assert manager in {row.recipient for row in rows}
