"""The wording of users, fields and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

from help_desk.content.wording import (
    Change,
    changes_of,
    display_name,
    field_label,
    format_value,
    summary,
    user_ids_in,
    user_names,
)
from help_desk.models import TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.models import HelpDeskTicket


class FullNameUser:
    def __init__(self, full_name: str) -> None:
        self.full_name = full_name

    def get_full_name(self) -> str:
        return self.full_name

    def get_username(self) -> str:
        return "ada"


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (FullNameUser("Ada Lovelace "), "Ada Lovelace"),
        (FullNameUser(" "), "ada"),
        (None, "Someone"),
    ],
    ids=["full-name", "username", "none"],
)
def test_display_name(user: Any, name: str) -> None:
    assert display_name(user) == name


@pytest.mark.parametrize(
    ("field", "label"),
    [("priority", "Priority"), ("assigned_to", "Assigned to"), ("removed_field", "removed_field")],
)
def test_field_label(field: str, label: str) -> None:
    assert field_label(field) == label


def test_changes_of_an_event() -> None:
    changes = {
        "priority": ["low", "high"],
        "assigned_to": [None, 7],
        "description": ["Old", "New"],
        "removed_field": [None, "x"],
    }
    assert list(changes_of(TicketEvent(changes=changes), {"7": "Ada"})) == [
        Change(field="priority", label="Priority", old="Low", new="High"),
        Change(field="assigned_to", label="Assigned to", old="Unassigned", new="Ada"),
        Change(field="removed_field", label="removed_field", old="", new="x"),
    ]


def test_names_of_users_in_events_need_one_query(
    ticket: HelpDeskTicket, agent: Any, manager: Any, capture_queries: Callable[[], Any]
) -> None:
    ticket.services.assign(agent, actor=manager)
    ticket.services.assign(manager, actor=manager)
    events = list(ticket.events.oldest_first())
    assert user_ids_in(events) == {str(agent.pk), str(manager.pk)}
    with capture_queries() as queries:
        names = user_names(events)
    assert names == {str(user.pk): user.get_username() for user in (agent, manager)}
    assert len(queries) == 1
    with capture_queries() as queries:
        assert user_names(events[:1]) == {}
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("priority", "urge", "Urgent"),
        ("status", "prog", "In Progress"),
        ("purpose", "gone", "gone"),
        ("is_active", True, "Yes"),
        ("purpose", None, ""),
        ("assigned_to", None, "Unassigned"),
        ("assigned_to", 0, "Someone"),
        ("removed_field", "x", "x"),
    ],
)
def test_value_is_formatted(field: str, value: Any, text: str) -> None:
    with translation.override("en"):
        assert format_value(field, value) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        (" folded \n\t space\u2028here ", "folded space here"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        (
            "The badge reader at the door to the stairs, as ever, is dead.",
            "The badge reader at the door to the stairs, as ever, is…",
        ),
        (
            "The badge reader at the door to the stairs, which beeped yesterday",
            "The badge reader at the door to the stairs, which beeped…",
        ),
        ("A " + "x" * 60, "A " + "x" * 57 + "…"),
        ("", ""),
    ],
    ids=["short", "folded", "fits", "too-long", "word", "comma", "long-word", "empty"],
)
def test_summary_is_one_line(text: str, expected: str) -> None:
    assert summary(text) == expected
