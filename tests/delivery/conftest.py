"""Waiting rows, and a channel that follows a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from help_desk.models import HelpDeskTicket, Notification
from tests.support.channels import ScriptedChannel
from tests.support.delivery import use_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_ROWS = 300
"""More than any test needs."""


@pytest.fixture
def waiting(
    make_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any
) -> Callable[[int], list[Notification]]:
    """Create a number of emails that are due, to developers without a user."""
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}
    settings.ADMINS = [f"developer{number}@example.com" for number in range(MAX_ROWS)]

    def create(count: int) -> list[Notification]:
        event = make_ticket(created_by=reporter).events.get()
        now = timezone.now()
        Notification.objects.bulk_create(
            Notification(
                event=event,
                address=f"developer{number}@example.com",
                channel="email",
                status="wait",
                created_datetime=now,
                due_datetime=now,
            )
            for number in range(count)
        )
        return list(Notification.objects.order_by("pk"))

    return create


@pytest.fixture
def replies(
    create_ticket: Callable[..., HelpDeskTicket], manager: Any, agent: Any, settings: Any
) -> Callable[[], list[Notification]]:
    """Create two emails about one ticket that belong in the same message, both due."""
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}

    def create() -> list[Notification]:
        ticket = create_ticket(created_by=manager)
        for text in ("It works.", "Since noon."):
            ticket.services.comment(agent, text)
        Notification.objects.filter(channel="email").remove()
        now = timezone.now()
        Notification.objects.bulk_create(
            Notification(
                event=event,
                recipient=manager,
                address="manager@people.example.com",
                channel="email",
                status="wait",
                due_datetime=now,
            )
            for event in ticket.events.filter(type="comment")
        )
        return list(Notification.objects.filter(channel="email").order_by("pk"))

    return create


@pytest.fixture
def channel(settings: Any) -> Iterator[type[ScriptedChannel]]:
    """Replace email by a channel; its `act` decides what happens to each row."""
    ScriptedChannel.reset()
    use_channels(settings, "ScriptedChannel")
    yield ScriptedChannel
    ScriptedChannel.reset()
