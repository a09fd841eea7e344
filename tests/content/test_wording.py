"""What notifications say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

from help_desk.content.wording import content_of, format_value, summary
from help_desk.exceptions import TicketEventNotificationTypeNotSupportedError
from help_desk.models import TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.models import HelpDeskTicket


@pytest.mark.parametrize(
    ("purpose", "priority", "body"),
    [
        ("app", "high", "Priority: High - Purpose: App"),
        ("comp", "urge", "Priority: Urgent - Purpose: Company"),
        ("app", "med", "Priority: Medium - Purpose: App"),
        ("comp", "low", "Priority: Low - Purpose: Company"),
    ],
)
def test_new_ticket_in_words(
    make_ticket: Callable[..., HelpDeskTicket], purpose: str, priority: str, body: str
) -> None:
    ticket = make_ticket(purpose=purpose, priority=priority, description="Help\nme")
    content = content_of(ticket.events.get(), "in_app")
    assert content.body == body
    assert content.title == "A new help desk ticket has been created"
    assert content.subject == f"Ticket #{ticket.pk}: Help me"
    assert content.text == "Help\nme"


def test_words_are_those_of_the_moment_however_the_ticket_changed(
    ticket: HelpDeskTicket,
) -> None:
    before = content_of(ticket.events.get(), "email")
    ticket.services.update(actor=None, priority="urge", purpose="comp", description="Never mind")
    assert content_of(ticket.events.oldest_first()[0], "email") == before


def test_event_of_an_unknown_kind_has_no_words(ticket: HelpDeskTicket) -> None:
    event = TicketEvent(ticket=ticket, type="comment", changes={})
    with pytest.raises(TicketEventNotificationTypeNotSupportedError, match="comment"):
        content_of(event, "email")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("priority", "urge", "Urgent"),
        ("status", "prog", "In Progress"),
        ("purpose", "gone", "gone"),
        ("is_active", True, "yes"),
        ("purpose", None, ""),
    ],
)
def test_value_in_words(field: str, value: Any, words: str) -> None:
    with translation.override("en"):
        assert format_value(field, value) == words


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
