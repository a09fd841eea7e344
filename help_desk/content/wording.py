"""What a notification says, made from its event in the language that is active.

The event keeps the values that the ticket had, so the words are those of that moment,
however late they are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)
from help_desk.enums import TicketEventType
from help_desk.exceptions import TicketEventNotificationTypeNotSupportedError
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import TextChoices

    from help_desk.models import TicketEvent

SUMMARY_LENGTH = 60
READ_FOR_SUMMARY = 250
"""Characters of a text that are looked at; Django's `Truncator` normalizes all that it gets."""

CHOICES: dict[str, type[TextChoices]] = {
    "purpose": HelpDeskTicketPurposeChoices,
    "priority": HelpDeskTicketPriorityChoices,
    "status": HelpDeskTicketStatusChoices,
}

LONG_FIELDS = frozenset({"text", "description"})
"""Fields of changes that are too long for one line."""


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


def display_name(person: Any) -> str:
    """Name a person as colleagues would.

    Args:
        person: An account of whatever model the host has, or None.

    Returns:
        Full name, else user name; a word for nobody where there is no account (any more).
    """
    if person is None:
        return _("Somebody")
    full_name = getattr(person, "get_full_name", str)()
    return full_name.strip() or person.get_username()


def field_label(field: str) -> str:
    """Name a field as the pages do.

    Args:
        field: Name of a ticket's field.

    Returns:
        Its label.
    """
    label: Any = HelpDeskTicket._meta.get_field(field)
    return str(label.verbose_name)


def people_named(events: Iterable[TicketEvent]) -> set[str]:
    """Collect whom the changes of some events name.

    Args:
        events: The events.

    Returns:
        Keys of accounts, as text.
    """
    return {str(key) for event in events for key in event.changes.get("assigned_to", ()) if key}


def people_in(events: Iterable[TicketEvent]) -> dict[str, str]:
    """Look up the people whom the changes of some events name, in one query at most.

    Args:
        events: The events.

    Returns:
        Key of the account, as text, to the person's name.
    """
    keys = people_named(events)
    if not keys:
        return {}
    accounts = get_user_model()._default_manager.filter(pk__in=keys)
    return {str(account.pk): display_name(account) for account in accounts}


def format_value(field: str, value: Any, people: Mapping[str, str] | None = None) -> str:
    """Say a field's value in words.

    Args:
        field: Name of a ticket's field.
        value: What an event keeps of it.
        people: What `people_in` found, for fields that hold a person.

    Returns:
        The choice's label, the person's name, or the value itself where it is neither
        (any more).
    """
    choices = CHOICES.get(field)
    if choices is not None and value in choices.values:
        return str(choices(value).label)
    if field == "assigned_to":
        return _("nobody") if value is None else (people or {}).get(str(value), _("Somebody"))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


def changed_facts(
    event: TicketEvent, people: Mapping[str, str] | None = None
) -> tuple[tuple[str, str], ...]:
    """Say what became of each field that an event changed.

    Args:
        event: The event.
        people: What `people_in` found.

    Returns:
        Label and "old → new" of each field worth a line; long texts are not among them.
    """
    return tuple(
        (
            field_label(field),
            _("%(old)s → %(new)s")
            % {"old": format_value(field, old, people), "new": format_value(field, new, people)},
        )
        for field, (old, new) in event.changes.items()
        if field not in LONG_FIELDS
    )


def summary(text: str) -> str:
    """Shorten a text to one line.

    Args:
        text: What somebody wrote.

    Returns:
        Its beginning, at most 60 characters, with white space folded; it ends after a
        word, if that does not leave too little of it.
    """
    text = " ".join(text.lstrip()[:READ_FOR_SUMMARY].split())
    if len(text) <= SUMMARY_LENGTH:
        return text
    words, _space, _rest = text[:SUMMARY_LENGTH].rpartition(" ")
    if len(words) > SUMMARY_LENGTH // 2:
        return f"{words.rstrip('.,;:-')}…"
    return Truncator(text).chars(SUMMARY_LENGTH)


def subject_of(ticket_id: int, description: str) -> str:
    """Name the conversation on a ticket.

    Args:
        ticket_id: The ticket's number.
        description: What the ticket says.

    Returns:
        One line.
    """
    return _("Ticket #%(number)s: %(summary)s") % {
        "number": ticket_id,
        "summary": summary(description),
    }


def content_of(
    event: TicketEvent, channel: str, people: Mapping[str, str] | None = None
) -> Content:
    """Put an event into words.

    Args:
        event: The event with its ticket, actor and comment.
        channel: Name of the channel that asks.
        people: What `people_in` found for this event; looked up where it is None.

    Returns:
        The words.

    Raises:
        TicketEventNotificationTypeNotSupportedError: There are no words for such events.
    """
    if event.type == TicketEventType.NEW:
        return _new_ticket(event)
    if people is None:
        people = people_in([event])
    if event.type == TicketEventType.COMMENT and event.comment is not None:
        return _comment(event, people)
    if event.type == TicketEventType.UPDATE:
        return _change(event, people)
    raise TicketEventNotificationTypeNotSupportedError(event.type, channel)


def _new_ticket(event: TicketEvent) -> Content:
    said = {field: new for field, (_old, new) in event.changes.items()}
    priority = format_value("priority", said.get("priority"))
    purpose = format_value("purpose", said.get("purpose"))
    text = said.get("description") or ""
    filed_by = () if event.actor is None else ((_("Filed by"), display_name(event.actor)),)
    return Content(
        subject=subject_of(event.ticket_id, text),
        title=_("A new help desk ticket has been created"),
        body=_("Priority: %(priority)s - Purpose: %(purpose)s")
        % {"priority": priority, "purpose": purpose},
        facts=(
            (_("Ticket"), f"#{event.ticket_id}"),
            (_("Priority"), priority),
            (_("Purpose"), purpose),
            *filed_by,
        ),
        text=text,
    )


def _comment(event: TicketEvent, people: Mapping[str, str]) -> Content:
    is_internal = event.comment is not None and event.comment.is_internal
    who = {"person": display_name(event.actor), "number": event.ticket_id}
    text = event.changes["text"][1]
    return Content(
        subject=subject_of(event.ticket_id, event.ticket.description),
        title=_("%(person)s wrote an internal note on ticket #%(number)s") % who
        if is_internal
        else _("%(person)s replied on ticket #%(number)s") % who,
        body=summary(text),
        facts=changed_facts(event, people),
        text=text,
    )


def _change(event: TicketEvent, people: Mapping[str, str]) -> Content:
    facts = changed_facts(event, people)
    who = {"person": display_name(event.actor), "number": event.ticket_id}
    return Content(
        subject=subject_of(event.ticket_id, event.ticket.description),
        title=_("%(person)s changed ticket #%(number)s") % who,
        body=", ".join(f"{label}: {change}" for label, change in facts),
        facts=facts,
        text="",
    )
