"""Events and notifications cannot be changed or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from help_desk.exceptions import AppendOnlyError, HelpDeskError
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES: dict[str, dict[str, Any]] = {
    "TicketEvent": {"type": "comment"},
    "Notification": {"status": "fail"},
}

WRITES: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "save": lambda row, change: row.save(),
    "save-update-fields": lambda row, change: row.save(update_fields=list(change)),
    "delete": lambda row, change: row.delete(),
    "queryset-update": lambda row, change: type(row).objects.update(**change),
    "queryset-delete": lambda row, change: type(row).objects.all().delete(),
    "bulk-update": lambda row, change: type(row).objects.bulk_update([row], list(change)),
    "update-or-create": lambda row, change: type(row).objects.update_or_create(
        pk=row.pk, defaults=change
    ),
    "upsert": lambda row, change: type(row).objects.bulk_create(
        [row], update_conflicts=True, update_fields=list(change), unique_fields=["pk"]
    ),
}


@pytest.fixture(params=[TicketEvent, Notification])
def row(
    request: pytest.FixtureRequest,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    manager: Any,
) -> TicketEvent | Notification:
    create_ticket(created_by=reporter)
    return request.param.objects.order_by("pk").first()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_row_cannot_be_changed_or_deleted(
    row: Any, write: Callable[[Any, dict[str, Any]], Any]
) -> None:
    before = type(row).objects.values().get(pk=row.pk)
    change = CHANGES[type(row).__name__]
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(AppendOnlyError, match="append-only"):
        write(row, change)
    assert type(row).objects.values().get(pk=row.pk) == before


def test_new_row_does_not_overwrite_one_with_the_same_id(row: Any) -> None:
    before = type(row).objects.values().get(pk=row.pk)
    copy = type(row)(**{**before, **CHANGES[type(row).__name__]})
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        copy.save()


def test_rows_of_a_relation_cannot_be_deleted(row: Any) -> None:
    related = row.ticket.events if isinstance(row, TicketEvent) else row.event.notifications
    with pytest.raises(AppendOnlyError):
        related.all().delete()


def test_append_only_error_is_a_help_desk_error() -> None:
    assert issubclass(AppendOnlyError, HelpDeskError)


def test_deleting_a_ticket_deletes_its_events_and_notifications(row: Any) -> None:
    HelpDeskTicket.objects.get().delete()
    assert not TicketEvent.objects.exists()
    assert not Notification.objects.exists()


def test_deleting_the_actor_keeps_the_event(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.services.update(actor=agent, status="done")
    agent.delete()
    event = ticket.events.latest("pk")
    assert (event.actor, event.changes) == (None, {"status": ["read", "done"]})


def test_deleting_a_user_deletes_their_notifications(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, manager: Any
) -> None:
    ticket = create_ticket(created_by=reporter)
    rows = Notification.objects.filter(event__ticket=ticket)
    before = rows.count()
    manager.delete()
    assert rows.count() == before - 1
    assert ticket.events.exists()
