"""What a notification says, made from its event in the language that is active.

The event keeps the values that the ticket had, so the words are those of that moment,
however late they are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)
from help_desk.enums import TicketEventType
from help_desk.exceptions import TicketEventNotificationTypeNotSupportedError

if TYPE_CHECKING:
    from django.db.models import TextChoices

    from help_desk.models import TicketEvent

SUMMARY_LENGTH = 60

CHOICES: dict[str, type[TextChoices]] = {
    "purpose": HelpDeskTicketPurposeChoices,
    "priority": HelpDeskTicketPriorityChoices,
    "status": HelpDeskTicketStatusChoices,
}


@dataclass(frozen=True, kw_only=True)
class Content:
    """The words of a notification; plain text, not escaped.

    Attributes:
        subject: The conversation's name, the same for every event of one ticket.
        title: One line that says what happened.
        body: One line that says more.
        facts: Label and value of each fact that is worth a line, in order.
        text: What somebody wrote, whole; may be empty.
    """

    subject: str
    title: str
    body: str
    facts: tuple[tuple[str, str], ...]
    text: str


def display(field: str, value: Any) -> str:
    """Say a field's value in words.

    Args:
        field: Name of a ticket's field.
        value: What an event keeps of it.

    Returns:
        The choice's label, or the value itself where it is none (any more).
    """
    choices = CHOICES.get(field)
    if choices is not None and value in choices.values:
        return str(choices(value).label)
    return "" if value is None else str(value)


def content_of(event: TicketEvent, channel: str) -> Content:
    """Put an event into words.

    Args:
        event: The event, with what the ticket said then.
        channel: Name of the channel that asks.

    Returns:
        The words.

    Raises:
        TicketEventNotificationTypeNotSupportedError: Nobody is told of such events.
    """
    if event.type != TicketEventType.NEW:
        raise TicketEventNotificationTypeNotSupportedError(event.type, channel)
    return _new_ticket(event)


def _new_ticket(event: TicketEvent) -> Content:
    said = {field: new for field, (_old, new) in event.changes.items()}
    priority = display("priority", said.get("priority"))
    purpose = display("purpose", said.get("purpose"))
    text = said.get("description") or ""
    return Content(
        subject=_("Ticket #%(number)s: %(summary)s")
        % {"number": event.ticket_id, "summary": summary(text)},
        title=_("A new help desk ticket has been created"),
        body=_("Priority: %(priority)s - Purpose: %(purpose)s")
        % {"priority": priority, "purpose": purpose},
        facts=(
            (_("Ticket"), f"#{event.ticket_id}"),
            (_("Priority"), priority),
            (_("Purpose"), purpose),
        ),
        text=text,
    )


def summary(text: str) -> str:
    """Shorten a text to one line.

    Args:
        text: What somebody wrote.

    Returns:
        Its beginning, at most 60 characters, with white space folded.
    """
    return Truncator(" ".join(text.split())).chars(SUMMARY_LENGTH)
