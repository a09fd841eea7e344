"""Errors that only the help desk raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from help_desk.enums import TicketEventType


class HelpDeskError(Exception):
    """Base class of every error that only this package raises."""


class TicketEventNotificationTypeNotSupportedError(HelpDeskError, TypeError):
    """No text exists for this type of event in this channel."""

    def __init__(self, event_type: TicketEventType | str | None, notification_type: str) -> None:
        """Name the combination that is not supported.

        Args:
            event_type: The type of event; None if the channel supports no type at all.
            notification_type: The channel's name, such as "email".
        """
        if event_type is None:
            message = f"Notification type not supported: {notification_type}"
        else:
            message = (
                "Combination of event type and notification type not supported: "
                f"Event type {event_type} - Notification type {notification_type}"
            )
        super().__init__(message)


class HelpDeskNotificationRecipientMissingEmailError(HelpDeskError, ValueError):
    """An email is due to a recipient who has no email address."""

    def __init__(self, recipient: str) -> None:
        """Name the recipient.

        Args:
            recipient: The recipient as they should appear in the log.
        """
        super().__init__(f"Recipient is missing an email address: {recipient}")


class AppendOnlyError(HelpDeskError):
    """History and notifications can only be written by the package itself."""


class RateLimitError(HelpDeskError, ValidationError):
    """A user reached a limit per hour; a `ValidationError` with the code `rate_limited`.

    Attributes:
        retry_datetime: When the user can try again.
    """

    def __init__(self, message: str, *, retry_datetime: datetime) -> None:
        """Describe the limit.

        Args:
            message: The text for the user.
            retry_datetime: When the user can try again.
        """
        super().__init__(message, code="rate_limited")
        self.retry_datetime = retry_datetime


@dataclass(frozen=True, kw_only=True)
class FieldConflict:
    """One field that two users changed to different values.

    Attributes:
        field: The field's name.
        base: The value that the form was based on, as events store it (of a user, the ID).
        current: The value that the ticket has now.
        submitted: The value that the second user submitted.
    """

    field: str
    base: Any
    current: Any
    submitted: Any


class TicketConflictError(HelpDeskError):
    """Another user changed the same fields of the ticket in the meantime.

    Attributes:
        conflicts: One `FieldConflict` per field.
        version: The ticket's current version.
        updated_by_others: Current values of the submitted fields that only others changed.
    """

    def __init__(
        self,
        conflicts: Sequence[FieldConflict],
        *,
        version: int,
        updated_by_others: Mapping[str, Any] | None = None,
    ) -> None:
        """Describe the conflict.

        Args:
            conflicts: One entry per field.
            version: The ticket's current version.
            updated_by_others: Current values of the submitted fields that only others changed.
        """
        self.conflicts = tuple(conflicts)
        self.version = version
        self.updated_by_others = dict(updated_by_others or {})
        fields = ", ".join(conflict.field for conflict in conflicts)
        super().__init__(f"Another user changed the same fields in the meantime: {fields}")
