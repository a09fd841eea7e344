"""Events and notifications are written once."""

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

REFUSED: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
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


@pytest.mark.parametrize("way", REFUSED.values(), ids=REFUSED.keys())
def test_row_can_be_neither_changed_nor_deleted(
    row: Any, way: Callable[[Any, dict[str, Any]], Any]
) -> None:
    before = type(row).objects.values().get(pk=row.pk)
    change = CHANGES[type(row).__name__]
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(AppendOnlyError, match="append-only"):
        way(row, change)
    assert type(row).objects.values().get(pk=row.pk) == before


def test_new_row_does_not_overwrite_one_with_the_same_key(row: Any) -> None:
    before = type(row).objects.values().get(pk=row.pk)
    copy = type(row)(**{**before, **CHANGES[type(row).__name__]})
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        copy.save()


def test_row_is_not_reached_through_a_relation_either(row: Any) -> None:
    related = row.ticket.events if isinstance(row, TicketEvent) else row.event.notifications
    with pytest.raises(AppendOnlyError):
        related.all().delete()


def test_refusal_is_one_of_the_packages_errors() -> None:
    assert issubclass(AppendOnlyError, HelpDeskError)


def test_rows_go_with_their_ticket(row: Any) -> None:
    HelpDeskTicket.objects.get().delete()
    assert not TicketEvent.objects.exists()
    assert not Notification.objects.exists()


def test_history_outlives_the_account_of_who_did_it(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.services.update(actor=agent, status="done")
    agent.delete()
    event = ticket.events.latest("pk")
    assert (event.actor, event.changes) == (None, {"status": ["read", "done"]})


def test_what_a_person_was_told_goes_with_their_account(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, manager: Any
) -> None:
    ticket = create_ticket(created_by=reporter)
    told = Notification.objects.filter(event__ticket=ticket)
    before = told.count()
    manager.delete()
    assert told.count() == before - 1
    assert ticket.events.exists()
