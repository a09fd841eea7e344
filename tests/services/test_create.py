"""`ticket.services.create()` writes everything or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.utils.functional import SimpleLazyObject

from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketEvent
from help_desk.services.notification_service import HelpDeskTicketNotificationService
from help_desk.services.service import HelpDeskTicketService

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

FIELDS = {"purpose": "app", "priority": "high", "description": "The <b>dashboard</b> hangs."}


def nothing_was_written() -> bool:
    return not any(
        model._default_manager.exists() for model in (HelpDeskTicket, TicketEvent, Notification)
    )


def unsaved_user() -> Any:
    return get_user_model()()


def test_service_is_bound_to_its_ticket(ticket: HelpDeskTicket) -> None:
    assert isinstance(ticket.services, HelpDeskTicketService)
    assert ticket.services.obj is ticket
    assert isinstance(ticket.services.notification, HelpDeskTicketNotificationService)
    assert ticket.services.notification.obj is ticket


def test_service_of_the_class_is_bound_to_a_new_ticket_each_time(reporter: Any) -> None:
    assert HelpDeskTicket.services.obj.pk is None
    first, second = (HelpDeskTicket.services.create(reporter, **FIELDS) for _ in range(2))
    assert first.pk != second.pk


def test_ticket_event_and_notifications_are_written(reporter: Any, manager: Any) -> None:
    ticket = HelpDeskTicket()
    assert ticket.services.create(created_by=reporter, **FIELDS) is ticket
    saved = HelpDeskTicket.objects.get()
    assert saved == ticket
    assert {name: getattr(saved, name) for name in FIELDS} == FIELDS
    assert (saved.created_by, saved.status) == (reporter, "read")
    event = saved.events.get()
    assert (event.type, event.actor) == (TicketEventType.NEW, reporter)
    assert event.notifications.filter(recipient=manager).exists()


def test_every_writable_field_can_be_set(reporter: Any, ticket: HelpDeskTicket) -> None:
    created_datetime = ticket.created_datetime
    created = HelpDeskTicket().services.create(
        reporter, **FIELDS, status="done", is_active=False, created_datetime=created_datetime
    )
    created.refresh_from_db()
    assert (created.status, created.is_active) == ("done", False)
    assert created.created_datetime == created_datetime


def test_lazy_request_user_is_accepted(reporter: Any) -> None:
    ticket = HelpDeskTicket().services.create(SimpleLazyObject(lambda: reporter), **FIELDS)
    assert HelpDeskTicket.objects.get(pk=ticket.pk).created_by == reporter
    assert ticket.events.get().actor == reporter


@pytest.mark.parametrize(
    "creator",
    [
        None,
        AnonymousUser(),
        SimpleLazyObject(AnonymousUser),
        "ada",
        7,
        SimpleLazyObject(unsaved_user),
    ],
    ids=["none", "anonymous", "lazy-anonymous", "name", "id", "unsaved"],
)
def test_creator_must_be_a_saved_user(creator: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        HelpDeskTicket().services.create(created_by=creator, **FIELDS)
    assert caught.value.error_dict.keys() == {"created_by"}
    assert caught.value.error_dict["created_by"][0].code == "invalid_creator"
    assert nothing_was_written()


def test_deleted_user_cannot_create_a_ticket(make_user: Callable[..., Any]) -> None:
    former = make_user()
    former.delete()
    with pytest.raises(ValidationError):
        HelpDeskTicket().services.create(former, **FIELDS)


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"purpose": "pers"}, {"purpose": "invalid_choice"}),
        ({"priority": "HIGH"}, {"priority": "invalid_choice"}),
        ({"status": "todo"}, {"status": "invalid_choice"}),
        ({"purpose": ""}, {"purpose": "blank"}),
        ({"priority": None}, {"priority": "null"}),
        ({"purpose": ["app"]}, {"purpose": "invalid_choice"}),
        ({"description": ""}, {"description": "blank"}),
        ({"description": " \n\t"}, {"description": "blank"}),
        ({"description": None}, {"description": "null"}),
        ({"is_active": "maybe"}, {"is_active": "invalid"}),
        ({"created_datetime": "yesterday"}, {"created_datetime": "invalid"}),
        (
            {"purpose": "", "priority": "x", "description": "", "created_by": None},
            {
                "purpose": "blank",
                "priority": "invalid_choice",
                "description": "blank",
                "created_by": "invalid_creator",
            },
        ),
    ],
    ids=[
        "unknown-purpose",
        "priority-in-capitals",
        "unknown-status",
        "empty-purpose",
        "no-priority",
        "list-of-purposes",
        "empty-description",
        "blank-description",
        "no-description",
        "invalid-boolean",
        "invalid-datetime",
        "several",
    ],
)
def test_validation_errors_name_each_invalid_field(
    reporter: Any, changed: dict[str, Any], codes: dict[str, str]
) -> None:
    ticket = HelpDeskTicket()
    with pytest.raises(ValidationError) as caught:
        ticket.services.create(**{"created_by": reporter, **FIELDS, **changed})
    found = {name: errors[0].code for name, errors in caught.value.error_dict.items()}
    assert found == codes
    assert ticket.pk is None
    assert nothing_was_written()


def test_validation_errors_name_each_missing_field(reporter: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        HelpDeskTicket().services.create(reporter)
    assert caught.value.message_dict.keys() == {"purpose", "priority", "description"}


@pytest.mark.parametrize("name", ["color", "id", "pk", "created_by_id", "events"])
def test_unknown_field_is_a_type_error(reporter: Any, name: str) -> None:
    with pytest.raises(TypeError, match=repr(name)):
        HelpDeskTicket().services.create(reporter, **FIELDS, **{name: 1})
    assert nothing_was_written()


def test_ticket_cannot_be_created_twice(ticket: HelpDeskTicket, reporter: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        ticket.services.create(reporter, **FIELDS)
    assert caught.value.code == "already_created"
    assert HelpDeskTicket.objects.count() == 1


def test_error_while_notifying_rolls_everything_back(reporter: Any, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["tests.support.backends.BrokenBackend"]
    ticket = HelpDeskTicket()
    with pytest.raises(ConnectionError):
        ticket.services.create(reporter, **FIELDS)
    assert nothing_was_written()
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    ticket.services.create(reporter, **FIELDS)
    assert ticket.events.get().type == TicketEventType.NEW


@pytest.mark.django_db(transaction=True)
def test_creator_deleted_meanwhile_rolls_everything_back(
    make_user: Callable[..., Any],
) -> None:
    deleted = make_user()
    get_user_model()._default_manager.filter(pk=deleted.pk).delete()
    ticket = HelpDeskTicket()
    with pytest.raises(IntegrityError):
        ticket.services.create(deleted, **FIELDS)
    assert (ticket.pk, ticket._state.adding) == (None, True)
    assert nothing_was_written()


def count_statements(call: Callable[[], object], using: str, fail: int, error: Any) -> int:
    """Run a call whose n-th SQL statement fails, and return the number of statements."""
    count = 0

    def wrapper(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal count
        count += 1
        if count == fail:
            raise error
        return execute(*args)

    with connections[using].execute_wrapper(wrapper):
        call()
    return count


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "error", [DatabaseError("The disk is full."), KeyboardInterrupt()], ids=["database", "ctrl-c"]
)
def test_failure_of_any_statement_rolls_everything_back(
    reporter: Any, manager: Any, settings: Any, database_alias: str, error: BaseException
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}

    def create() -> object:
        return ticket.services.create(reporter, **FIELDS)

    ticket = HelpDeskTicket()
    count = count_statements(create, database_alias, 0, error)
    assert count >= 4
    ticket.delete()
    ticket = HelpDeskTicket()
    for number in range(1, count + 1):
        with pytest.raises(type(error)):
            count_statements(create, database_alias, number, error)
        assert (ticket.pk, ticket._state.adding) == (None, True), number
        assert nothing_was_written(), number
    create()
    assert ticket.events.get().type == TicketEventType.NEW


def test_caller_can_continue_its_own_transaction_after_an_error(
    reporter: Any, database_alias: str, settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = ["tests.support.backends.BrokenBackend"]
    with transaction.atomic(using=database_alias):
        with pytest.raises(ConnectionError):
            HelpDeskTicket().services.create(reporter, **FIELDS)
        assert nothing_was_written()


@pytest.fixture
def many_managers(database_alias: str) -> Callable[[int], None]:
    """Create superusers in bulk."""
    user_model = get_user_model()
    made = 0

    def make(count: int) -> None:
        nonlocal made
        numbers = range(made, made := made + count)
        user_model._default_manager.using(database_alias).bulk_create(
            user_model(**{user_model.USERNAME_FIELD: f"chief{number}", "is_superuser": True})
            for number in numbers
        )

    return make


def test_number_of_queries_does_not_depend_on_the_number_of_recipients(
    reporter: Any,
    many_managers: Callable[[int], None],
    capture_queries: Callable[[], Any],
    database_alias: str,
) -> None:
    counts = []
    for more in (1, 99, 900):
        many_managers(more)
        with capture_queries() as queries:
            ticket = HelpDeskTicket().services.create(reporter, **FIELDS)
        rows = list(Notification.objects.filter(event__ticket=ticket))
        fields = [field for field in Notification._meta.concrete_fields if field.name != "id"]
        batch = connections[database_alias].ops.bulk_batch_size(fields, rows)
        extra = -(-len(rows) // batch) - 1  # a database limits the rows of one INSERT
        counts.append(len(queries) - extra)
    assert len(rows) >= 1000
    assert counts[0] == counts[1] == counts[2]


def test_assignee_set_on_the_instance_is_validated(
    reporter: Any, user_without_permissions: Any
) -> None:
    ticket = HelpDeskTicket(assigned_to=user_without_permissions)
    with pytest.raises(ValidationError) as caught:
        ticket.services.create(reporter, purpose="app", priority="low", description="A")
    assert caught.value.message_dict.keys() == {"assigned_to"}
    assert not HelpDeskTicket.objects.exists()
