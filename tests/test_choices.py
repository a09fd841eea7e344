"""Choices, types of event, errors."""

from __future__ import annotations

from typing import Any

import pytest

from help_desk import choices, exceptions
from help_desk.enums import TicketEventType


@pytest.mark.parametrize(
    ("enum", "members"),
    [
        (
            choices.HelpDeskTicketPurposeChoices,
            [("APP", "app", "App"), ("COMPANY", "comp", "Company")],
        ),
        (
            choices.HelpDeskTicketPriorityChoices,
            [
                ("LOW", "low", "Low"),
                ("MEDIUM", "med", "Medium"),
                ("HIGH", "high", "High"),
                ("URGENT", "urge", "Urgent"),
            ],
        ),
        (
            choices.HelpDeskTicketStatusChoices,
            [
                ("READY", "read", "Ready"),
                ("INPROGRESS", "prog", "In Progress"),
                ("DONE", "done", "Done"),
            ],
        ),
        (
            TicketEventType,
            [
                ("NEW", "new", "Created"),
                ("UPDATE", "update", "Changed"),
                ("COMMENT", "comment", "Commented"),
            ],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_members_values_and_labels(enum: Any, members: list[tuple[str, str, str]]) -> None:
    assert [(member.name, member.value, str(member.label)) for member in enum] == members


@pytest.mark.parametrize(
    ("error", "builtin", "message"),
    [
        (
            exceptions.TicketEventNotificationTypeNotSupportedError("update", "email"),
            TypeError,
            (
                "Combination of event type and notification type not supported: "
                "Event type update - Notification type email"
            ),
        ),
        (
            exceptions.TicketEventNotificationTypeNotSupportedError(None, "pager"),
            TypeError,
            "Notification type not supported: pager",
        ),
        (
            exceptions.HelpDeskNotificationRecipientMissingEmailError("Ada"),
            ValueError,
            "Recipient is missing an email address: Ada",
        ),
    ],
    ids=["combination", "channel", "address"],
)
def test_error_is_a_help_desk_error_and_a_builtin_one(
    error: Exception, builtin: type[Exception], message: str
) -> None:
    assert isinstance(error, exceptions.HelpDeskError)
    assert isinstance(error, builtin)
    assert str(error) == message
