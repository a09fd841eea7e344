"""The ticket's fields, constraints and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Callable


def field(name: str) -> Any:
    return HelpDeskTicket._meta.get_field(name)


def test_table_and_label_are_those_of_django_spire() -> None:
    assert HelpDeskTicket._meta.label == "django_spire_help_desk.HelpDeskTicket"
    assert HelpDeskTicket._meta.db_table == "django_spire_help_desk_ticket"


def test_permissions_are_djangos_four() -> None:
    assert HelpDeskTicket._meta.default_permissions == ("add", "change", "delete", "view")


def test_creator_is_protected_and_not_editable() -> None:
    creator = field("created_by")
    assert creator.related_model is get_user_model()
    assert creator.remote_field.on_delete is models.PROTECT
    assert (creator.editable, creator.null) == (False, False)
    assert creator.remote_field.related_name == "created_help_desk_tickets"
    assert creator.remote_field.related_query_name == "created_help_desk_ticket"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("purpose", models.NOT_PROVIDED),
        ("priority", models.NOT_PROVIDED),
        ("status", "read"),
        ("is_active", True),
        ("is_deleted", False),
        ("created_datetime", timezone.now),
    ],
)
def test_default(name: str, expected: object) -> None:
    assert field(name).default == expected


def test_ticket_as_text_is_its_number(ticket: HelpDeskTicket) -> None:
    assert str(ticket) == f"Ticket #{ticket.pk}"


@pytest.mark.parametrize(
    ("method", "name", "before", "after"),
    [
        ("set_deleted", "is_deleted", False, True),
        ("un_set_deleted", "is_deleted", True, False),
        ("set_active", "is_active", False, True),
        ("set_inactive", "is_active", True, False),
    ],
)
def test_set_methods_save_only_their_own_field(
    ticket: HelpDeskTicket, *, method: str, name: str, before: bool, after: bool
) -> None:
    HelpDeskTicket.objects.filter(pk=ticket.pk).update(**{name: before})
    ticket.refresh_from_db()
    ticket.description = "Not saved"
    getattr(ticket, method)()
    saved = HelpDeskTicket.objects.get(pk=ticket.pk)
    assert getattr(saved, name) is after
    assert saved.description != "Not saved"
    assert saved.events.latest("pk").changes == {name: [before, after]}


@pytest.mark.parametrize("name", ["purpose", "priority", "status"])
@pytest.mark.parametrize("value", ["nope", ""], ids=["unknown", "empty"])
def test_database_rejects_invalid_choices(
    ticket: HelpDeskTicket, database_alias: str, name: str, value: str
) -> None:
    tickets = HelpDeskTicket.objects.filter(pk=ticket.pk)
    with pytest.raises(IntegrityError), transaction.atomic(using=database_alias):
        tickets.update(**{name: value})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("purpose", ["app", "comp"]),
        ("priority", ["low", "med", "high", "urge"]),
        ("status", ["read", "prog", "done"]),
    ],
)
def test_database_accepts_every_choice(
    ticket: HelpDeskTicket, name: str, values: list[str]
) -> None:
    for value in values:
        assert HelpDeskTicket.objects.filter(pk=ticket.pk).update(**{name: value}) == 1
    assert [value for value, _label in field(name).choices] == values


def test_creator_of_a_ticket_cannot_be_deleted(ticket: HelpDeskTicket, reporter: Any) -> None:
    with pytest.raises(ProtectedError):
        reporter.delete()


def test_tickets_are_reachable_from_their_creator(
    ticket: HelpDeskTicket, reporter: Any, make_ticket: Callable[..., HelpDeskTicket]
) -> None:
    make_ticket()
    assert list(reporter.created_help_desk_tickets.all()) == [ticket]
    users = get_user_model()._default_manager
    assert users.get(created_help_desk_ticket=ticket) == reporter
