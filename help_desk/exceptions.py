"""The errors that are the help desk's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from help_desk.enums import TicketEventType
    from help_desk.services.versions import FieldConflict


class HelpDeskError(Exception):
    """Base of every error that only this package raises."""


class TicketEventNotificationTypeNotSupportedError(HelpDeskError, TypeError):
    """There is no text for this kind of event in this channel."""

    def __init__(self, event_type: TicketEventType | str | None, notification_type: str) -> None:
        """Say which combination is not supported.

        Args:
            event_type: The kind of event; None where the channel is unknown for every kind.
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
    """An e-mail is to go to somebody who has no e-mail address."""

    def __init__(self, recipient: str) -> None:
        """Name the recipient.

        Args:
            recipient: How the recipient is known to the people who read the log.
        """
        super().__init__(f"Recipient is missing an email address: {recipient}")


class AppendOnlyError(HelpDeskError):
    """History and notifications are written by the package and changed by nobody else."""


class TicketConflictError(HelpDeskError):
    """Somebody else has changed the same fields of a ticket in the meantime."""

    def __init__(
        self,
        conflicts: Sequence[FieldConflict],
        *,
        version: int,
        left_alone: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep what is in conflict.

        Args:
            conflicts: One entry per field.
            version: The ticket's version that says what the conflicts call current.
            left_alone: What the ticket says now in fields that somebody else has changed
                and the second person has not.
        """
        self.conflicts = tuple(conflicts)
        self.version = version
        self.left_alone = dict(left_alone or {})
        fields = ", ".join(conflict.field for conflict in conflicts)
        super().__init__(f"Changed by somebody else in the meantime: {fields}")
