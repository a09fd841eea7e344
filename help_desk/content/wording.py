"""Users, fields and values as text, the same on pages, in the admin and in channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from help_desk.choices import TICKET_CHOICES
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from help_desk.models import TicketEvent

SUMMARY_LENGTH = 60
SUMMARY_INPUT_LENGTH = 250
"""Characters of a text that are read; Django's `Truncator` normalizes all that it gets."""

LONG_FIELDS = frozenset({"text", "description"})
"""Fields whose values are too long for one line."""

USER_FIELD = "assigned_to"
"""The field whose values are user IDs in events."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change of one field.

    Attributes:
        field: The field's name.
        label: The field's label.
        old: The value before, as text; empty if there was none.
        new: The value after, as text.
    """

    field: str
    label: str
    old: str
    new: str


def display_name(user: Any) -> str:
    """Return a user's full name, or the username if it is empty, or "Someone" for None."""
    if user is None:
        return _("Someone")
    get_full_name = getattr(user, "get_full_name", None)
    full_name = str(get_full_name()).strip() if callable(get_full_name) else ""
    return full_name or str(user.get_username())


def field_label(field: str) -> str:
    """Return a field's label; for one that the model no longer has, its name."""
    try:
        model_field: Any = HelpDeskTicket._meta.get_field(field)
    except FieldDoesNotExist:
        return field
    return str(getattr(model_field, "verbose_name", field))


def format_value(field: str, value: Any, names: Mapping[str, str] | None = None) -> str:
    """Return a field's value, as an event stores it, as text.

    Args:
        field: The field's name.
        value: The stored value.
        names: The result of `user_names`, for a field that holds a user.

    Returns:
        The choice's label, the user's name, or the value itself; empty for None.
    """
    choices = TICKET_CHOICES.get(field)
    if choices is not None and value in choices.values:
        return str(choices(value).label)
    if field == USER_FIELD:
        return _("Unassigned") if value is None else (names or {}).get(str(value), _("Someone"))
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else str(value)


def format_attribute(field: str, value: Any) -> str:
    """Return the value of a ticket's attribute, which may be a user, as text."""
    return display_name(value) if hasattr(value, "pk") else format_value(field, value)


def changes_of(event: TicketEvent, names: Mapping[str, str] | None = None) -> Iterator[Change]:
    """Yield the changes of an event, without those of long texts.

    Args:
        event: The event.
        names: The result of `user_names` for this event.

    Yields:
        One change per field.
    """
    for field, (old, new) in event.values.items():
        if field not in LONG_FIELDS:
            yield Change(
                field=field,
                label=field_label(field),
                old=format_value(field, old, names),
                new=format_value(field, new, names),
            )


def user_ids_in(events: Iterable[TicketEvent]) -> set[str]:
    """Return the IDs, as text, of the users named in the events' changes."""
    return {
        str(user_id)
        for event in events
        for user_id in (event.old_value(USER_FIELD), event.new_value(USER_FIELD))
        if user_id is not None
    }


def user_names(events: Iterable[TicketEvent]) -> dict[str, str]:
    """Return ID, as text, to name of the users named in the events' changes, by one query."""
    events = list(events)
    using = events[0].database if events else None
    users = users_by_id(user_ids_in(events), using)
    return {user_id: display_name(user) for user_id, user in users.items()}


def users_by_id(user_ids: Iterable[Any], using: str | None) -> dict[str, Any]:
    """Return ID, as text, to user, by at most one query."""
    user_model = get_user_model()
    ids = {user_id for user_id in user_ids if _is_valid_id(user_id, user_model)}
    if not ids:
        return {}
    users = user_model._default_manager.using(using).filter(pk__in=ids)
    return {str(user.pk): user for user in users}


def _is_valid_id(user_id: Any, user_model: type[Any]) -> bool:
    """Return whether a text can be the ID of a user; one of an earlier user model may not."""
    try:
        user_model._meta.pk.to_python(user_id)
    except ValidationError:
        return False
    return True


def summary(text: str) -> str:
    """Return the beginning of a text on one line: at most 60 characters, at a word's end."""
    text = " ".join(text.lstrip()[:SUMMARY_INPUT_LENGTH].split())
    if len(text) <= SUMMARY_LENGTH:
        return text
    words, _space, _rest = text[:SUMMARY_LENGTH].rpartition(" ")
    if len(words) > SUMMARY_LENGTH // 2:
        return f"{words.rstrip('.,;:-')}…"
    return Truncator(text).chars(SUMMARY_LENGTH)


def conversation_subject(ticket_id: int, description: str) -> str:
    """Return the subject that all messages about a ticket share."""
    return _("Ticket #%(number)s: %(summary)s") % {
        "number": ticket_id,
        "summary": summary(description),
    }
