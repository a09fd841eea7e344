"""`manage.py help_desk_check_values`, on a table without constraints."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from help_desk.models import HelpDeskTicket
from help_desk.takeover import closest_value
from tests.support import databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    OldTickets = Callable[..., list[int]]


@pytest.fixture
def old_tickets(
    transactional_db: None, make_user: Callable[..., Any], database_alias: str
) -> Iterator[OldTickets]:
    """Fill a table without constraints: `old_tickets({"status": "todo"})`; return the IDs."""
    creator = make_user()
    connection = connections[database_alias]
    constrain(connection, on=False)

    def fill(*rows: dict[str, Any]) -> list[int]:
        defaults = {"purpose": "app", "priority": "low", "description": "Old"}
        for row in rows:
            ticket = HelpDeskTicket(created_by=creator, **{**defaults, **row})
            HelpDeskTicket.objects.bulk_create([ticket])
        return list(HelpDeskTicket.objects.order_by("pk").values_list("pk", flat=True))

    yield fill
    HelpDeskTicket.objects.all().delete()
    constrain(connection, on=True)


def constrain(connection: Any, *, on: bool) -> None:
    """Add the constraints to the table, or remove them."""
    if databases.chosen() == databases.SQLITE:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA ignore_check_constraints = {not on}")
        return
    with connection.schema_editor() as editor:
        for constraint in HelpDeskTicket._meta.constraints:
            change = editor.add_constraint if on else editor.remove_constraint
            change(HelpDeskTicket, constraint)


def stored() -> list[dict[str, Any]]:
    return list(HelpDeskTicket.objects.order_by("pk").values())


@pytest.fixture
def check(database_alias: str) -> Callable[..., str]:
    """Run the command and return its output, which is also kept as `check.output`."""

    def run(**options: Any) -> str:
        out = StringIO()
        try:
            call_command("help_desk_check_values", database=database_alias, stdout=out, **options)
        finally:
            run.output = out.getvalue()
        return out.getvalue()

    return run


@pytest.mark.parametrize(
    ("field", "value", "replacement"),
    [
        ("status", "DONE", "done"),
        ("status", " done ", "done"),
        ("status", "Ready", "read"),
        ("status", "INPROGRESS", "prog"),
        ("status", "in progress", "prog"),
        ("status", "in_p", "read"),
        ("status", "in p", "prog"),
        ("status", "todo", "read"),
        ("status", "", "read"),
        ("priority", "Urgent", "urge"),
        ("priority", "u", "urge"),
        ("priority", "top", "med"),
        ("priority", "hi", "high"),
        ("purpose", "COMPANY", "comp"),
        ("purpose", "c", "comp"),
        ("purpose", "\u00df", "app"),
    ],
)
def test_replacement_is_the_closest_valid_value(field: str, value: str, replacement: str) -> None:
    assert closest_value(field, value) == replacement


def test_valid_values_are_not_reported(old_tickets: OldTickets, check: Callable[..., str]) -> None:
    old_tickets({}, {"status": "done", "priority": "urge", "purpose": "comp"})
    assert check() == "All tickets have valid values.\n"
    assert check(fix=True) == "All tickets have valid values.\n"


def test_invalid_values_are_listed_and_nothing_is_changed(
    old_tickets: OldTickets,
    check: Any,
) -> None:
    _valid, first, second = old_tickets({}, {"status": "todo"}, {"purpose": "x", "status": "y"})
    before = stored()
    with pytest.raises(CommandError, match=r"3 invalid values\. Run the command with --fix"):
        check()
    assert check.output.splitlines() == [
        f"Ticket #{first}: status is 'todo' -> 'read'",
        f"Ticket #{second}: purpose is 'x' -> 'app'",
        f"Ticket #{second}: status is 'y' -> 'read'",
    ]
    assert stored() == before


def test_fix_replaces_values_and_notes_them_in_the_description(
    old_tickets: OldTickets,
    check: Callable[..., str],
) -> None:
    old_tickets(
        {"description": "fine"},
        {"description": "one", "status": "todo"},
        {"description": "two", "purpose": "c", "priority": "top"},
    )
    before = stored()
    assert "2 tickets fixed." in check(fix=True)
    after = stored()
    assert after[0] == before[0]
    assert after[1:] == [
        before[1] | {"status": "read", "description": "one\n\n[status was 'todo']"},
        before[2]
        | {
            "purpose": "comp",
            "priority": "med",
            "description": "two\n\n[purpose was 'c'; priority was 'top']",
        },
    ]
    assert check() == "All tickets have valid values.\n"


@pytest.mark.parametrize("value", ["DONE", "Done", "done "])
def test_value_that_some_databases_treat_as_valid_is_fixed_on_all(
    old_tickets: OldTickets,
    check: Callable[..., str],
    value: str,
) -> None:
    if len(value) > 4 and databases.chosen() != databases.SQLITE:
        pytest.skip("the column holds four characters")
    old_tickets({"status": value})
    check(fix=True)
    assert stored()[0]["status"] == "done"
