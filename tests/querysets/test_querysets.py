"""Querysets of tickets and notifications."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from help_desk.models import HelpDeskTicket, Notification
from help_desk.querysets import HelpDeskTicketQuerySet

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeTicket = Callable[..., HelpDeskTicket]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("active", {"active"}),
        ("inactive", {"inactive"}),
        ("deleted", {"deleted", "inactive and deleted"}),
        ("not_deleted", {"active", "inactive"}),
    ],
)
def test_tickets_by_activity_and_deletion(
    make_ticket: MakeTicket, reporter: Any, method: str, expected: set[str]
) -> None:
    make_ticket(created_by=reporter, description="active")
    make_ticket(created_by=reporter, description="inactive", is_active=False)
    make_ticket(created_by=reporter, description="deleted", is_deleted=True)
    make_ticket(
        created_by=reporter,
        description="inactive and deleted",
        is_active=False,
        is_deleted=True,
    )
    found = getattr(HelpDeskTicket.objects, method)()
    assert isinstance(found, HelpDeskTicketQuerySet)
    assert {ticket.description for ticket in found} == expected
    assert {ticket.description for ticket in getattr(found.all(), method)()} == expected


@pytest.mark.parametrize(
    ("method", "expected"), [("open", {"read", "prog"}), ("complete", {"done"})]
)
def test_tickets_by_status(make_ticket: MakeTicket, method: str, expected: set[str]) -> None:
    for status in ("read", "prog", "done"):
        make_ticket(status=status)
    found = getattr(HelpDeskTicket.objects, method)()
    assert {ticket.status for ticket in found} == expected


def test_tickets_created_by_a_user(make_ticket: MakeTicket, ticket: Any, reporter: Any) -> None:
    make_ticket()
    assert list(HelpDeskTicket.objects.created_by(reporter)) == [ticket]


def test_newest_first_orders_by_date_then_by_number(make_ticket: MakeTicket, reporter: Any) -> None:
    first = make_ticket(created_by=reporter)
    created = first.created_datetime
    second = make_ticket(created_by=reporter, created_datetime=created)
    oldest = make_ticket(created_by=reporter, created_datetime=created - timedelta(days=1))
    assert list(HelpDeskTicket.objects.newest_first()) == [second, first, oldest]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("PRINTER", True),
        ("  printer ", True),
        ("", True),
        (None, True),
        (" \t", True),
        ("100%", True),
        ("50%", False),
        ("1__%", False),
        ("scanner", False),
        ("🖨", True),
        ("nul\x00", False),
        ("\ud800", False),
        ("x" * 60_000, False),
        ("%" * 60_000, False),
    ],
    ids=lambda value: ascii(value)[:20] if not isinstance(value, bool) else "",
)
def test_search_matches_the_text_literally(
    make_ticket: MakeTicket, reporter: Any, *, text: str | None, is_found: bool
) -> None:
    ticket = make_ticket(
        created_by=reporter, description="The printer 🖨 is at 100% load; the nul device works."
    )
    assert list(HelpDeskTicket.objects.search(text)) == ([ticket] if is_found else [])


def test_search_finds_a_ticket_by_its_number(make_ticket: MakeTicket, reporter: Any) -> None:
    mentioned, mentioning = (
        make_ticket(created_by=reporter, description="The lift.") for _ in range(2)
    )
    mentioning.services.update(None, description=f"As #{mentioned.pk}, see there.")
    for text, found in (
        (f"#{mentioning.pk}", {mentioning}),
        (f" {mentioned.pk} ", {mentioned, mentioning}),
    ):
        assert found <= set(HelpDeskTicket.objects.search(text))
    assert not HelpDeskTicket.objects.search("#" + "9" * 18).exists()
    assert not HelpDeskTicket.objects.search("9" * 40).exists()


@pytest.fixture
def inbox(
    create_ticket: MakeTicket, reporter: Any, manager: Any, developer: Any
) -> Callable[[], Any]:
    """Return a function that returns the inbox of a manager notified of three tickets."""
    for number in range(3):
        create_ticket(created_by=reporter, description=f"Issue {number}")
    return lambda: Notification.objects.inbox_of(manager)


def test_inbox_contains_only_own_in_app_notifications(
    inbox: Callable[[], Any], manager: Any
) -> None:
    assert {(row.recipient, row.channel) for row in inbox()} == {(manager, "in_app")}
    assert inbox().count() == 3


def test_inbox_excludes_deleted_tickets(inbox: Callable[[], Any]) -> None:
    HelpDeskTicket.objects.get(description="Issue 1").set_deleted()
    descriptions = {row.event.changes["description"][1] for row in inbox()}
    assert descriptions == {"Issue 0", "Issue 2"}


def test_marking_as_read_returns_the_count_and_keeps_the_first_date(
    inbox: Callable[[], Any],
) -> None:
    newest = inbox().latest("pk")
    assert inbox().filter(pk=newest.pk).mark_as_read() == 1
    newest.refresh_from_db()
    first_read = newest.read_datetime
    assert newest.is_read
    assert inbox().unread().count() == 2
    assert inbox().mark_as_read() == 2
    newest.refresh_from_db()
    assert newest.read_datetime == first_read


def test_unread_first_then_newest(inbox: Callable[[], Any]) -> None:
    oldest, middle, newest = inbox().order_by("pk")
    inbox().filter(pk=newest.pk).mark_as_read()
    assert list(inbox().unread_first()) == [middle, oldest, newest]
