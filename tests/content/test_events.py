"""The content of notifications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from help_desk.content.events import content_of
from help_desk.exceptions import TicketEventNotificationTypeNotSupportedError
from help_desk.models import HelpDeskTicket, TicketEvent


@pytest.mark.parametrize(
    ("purpose", "priority", "body"),
    [
        ("app", "high", "Priority: High - Purpose: App"),
        ("comp", "urge", "Priority: Urgent - Purpose: Company"),
        ("app", "med", "Priority: Medium - Purpose: App"),
        ("comp", "low", "Priority: Low - Purpose: Company"),
    ],
)
def test_content_of_a_new_ticket(
    make_ticket: Callable[..., HelpDeskTicket], purpose: str, priority: str, body: str
) -> None:
    ticket = make_ticket(purpose=purpose, priority=priority, description="Help\nme")
    content = content_of(ticket.events.get(), "in_app")
    assert content.body == body
    assert content.title == "A new help desk ticket has been created"
    assert content.subject == f"Ticket #{ticket.pk}: Help me"
    assert content.text == "Help\nme"


def test_content_does_not_change_with_the_ticket(
    ticket: HelpDeskTicket,
) -> None:
    before = content_of(ticket.events.get(), "email")
    ticket.services.update(actor=None, priority="urge", purpose="comp", description="Never mind")
    assert content_of(ticket.events.oldest_first()[0], "email") == before


def test_unsupported_event_is_an_error(ticket: HelpDeskTicket) -> None:
    event = TicketEvent(ticket=ticket, type="comment", changes={})
    with pytest.raises(TicketEventNotificationTypeNotSupportedError, match="comment"):
        content_of(event, "email")


def test_content_of_a_new_ticket_names_its_creator(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> None:
    ticket = create_ticket(created_by=reporter, priority="low", purpose="comp")
    assert content_of(ticket.events.get(), "email").details == (
        ("Ticket", f"#{ticket.pk}"),
        ("Priority", "Low"),
        ("Purpose", "Company"),
        ("Created by", reporter.get_username()),
    )


@pytest.mark.parametrize(
    ("internal", "title"),
    [(False, "{} replied to ticket #{}"), (True, "{} added an internal note to ticket #{}")],
    ids=["reply", "note"],
)
def test_content_of_a_comment(
    ticket: HelpDeskTicket, agent: Any, *, internal: bool, title: str
) -> None:
    comment = ticket.services.comment(agent, "Works\nagain.", internal=internal)
    content = content_of(comment.events.get(), "email")
    assert content.title == title.format(agent.get_username(), ticket.pk)
    assert content.body == "Works again."
    assert content.text == "Works\nagain."
    assert content.details == ()


def test_content_of_a_reply_with_a_new_status(ticket: HelpDeskTicket, agent: Any) -> None:
    comment = ticket.services.comment(agent, "Works again.", status="done")
    assert content_of(comment.events.get(), "email").details == (("Status", "Ready → Done"),)


def test_content_of_a_change(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    event = ticket.services.update(manager, assigned_to=agent, priority="low")
    assert event is not None
    content = content_of(event, "email")
    assert content.title == f"{manager.get_username()} changed ticket #{ticket.pk}"
    assert dict(content.details) == {
        "Priority": "Medium → Low",
        "Assigned to": f"Unassigned → {agent.get_username()}",
    }
    assert content.body == ", ".join(f"{label}: {change}" for label, change in content.details)
    assert content.text == ""


def test_unknown_actor_has_no_name(ticket: HelpDeskTicket) -> None:
    event = ticket.services.update(None, priority="low")
    assert event is not None
    assert content_of(event, "email").title == f"Someone changed ticket #{ticket.pk}"
