"""Rows of django-spire's table with values that a ticket cannot have.

This works on tables as `0001_initial` leaves them, because it must run before the later
migrations.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import CharField, F, Func, Q

from help_desk.choices import (
    TICKET_CHOICES,
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model, QuerySet

COMMAND = "help_desk_check_values"

FALLBACKS = {
    "purpose": HelpDeskTicketPurposeChoices.APP,
    "priority": HelpDeskTicketPriorityChoices.MEDIUM,
    "status": HelpDeskTicketStatusChoices.READY,
}
"""The replacements of values that are not similar to any valid value."""


@dataclass(frozen=True, kw_only=True)
class InvalidValue:
    """One value that a ticket cannot have.

    Attributes:
        ticket_id: The ticket's number.
        field: The field's name.
        value: The invalid value.
        replacement: The value to replace it with.
    """

    ticket_id: int
    field: str
    value: str
    replacement: str


def invalid_tickets(model: type[Model], using: str) -> QuerySet[Any]:
    """Return the tickets with invalid values; the model may be that of a migration's state."""
    condition = Q()
    for field, choices in TICKET_CHOICES.items():
        condition |= ~Q(**{f"exact_{field}__in": choices.values})
    exact = {f"exact_{field}": _exact(field, using) for field in TICKET_CHOICES}
    tickets: QuerySet[Any] = model._base_manager.using(using)
    tickets = tickets.alias(**exact)
    return tickets.filter(condition).order_by("pk")


def _exact(field: str, using: str) -> F | Func:
    """Return an expression that compares a field byte by byte.

    MariaDB and MySQL ignore case and trailing spaces, so their constraints would accept values
    that no form accepts.
    """
    if connections[using].vendor == "mysql":
        template = "CAST(%(expressions)s AS BINARY)"
        return Func(F(field), template=template, output_field=CharField())
    return F(field)


def invalid_values(model: type[Model], using: str) -> Iterator[InvalidValue]:
    """Yield every invalid value with its replacement, ordered by ticket."""
    rows = invalid_tickets(model, using).values("pk", *TICKET_CHOICES)
    for row in rows.iterator():
        for field, choices in TICKET_CHOICES.items():
            if row[field] not in choices.values:
                yield InvalidValue(
                    ticket_id=row["pk"],
                    field=field,
                    value=row[field],
                    replacement=closest_value(field, row[field]),
                )


def closest_value(field: str, value: str) -> str:
    """Return the valid value that an invalid one most likely means.

    That is the one whose value, label or name it equals, apart from case and outer spaces;
    otherwise the only one that starts with it; otherwise the field's fallback.
    """
    text = value.strip().casefold()
    names = {
        choice.value: {choice.value, str(choice.label).casefold(), choice.name.casefold()}
        for choice in TICKET_CHOICES[field]
    }
    equal = [key for key, texts in names.items() if text in texts]
    starting = [
        key for key, texts in names.items() if text and any(t.startswith(text) for t in texts)
    ]
    for found in (equal, starting):
        if len(found) == 1:
            return found[0]
    return FALLBACKS[field].value


def fix(model: type[Model], using: str) -> int:
    """Replace invalid values, note them in the descriptions, and return the number of tickets."""
    fixed = 0
    # Evaluated first: the updates change what the query finds.
    invalid = list(invalid_values(model, using))
    for ticket_id, group in groupby(invalid, key=lambda value: value.ticket_id):
        values = list(group)
        ticket = model._base_manager.using(using).filter(pk=ticket_id)
        description = ticket.values_list("description", flat=True).get()
        note = "; ".join(f"{value.field} was {value.value!r}" for value in values)
        fixed += ticket.update(
            description=f"{description}\n\n[{note}]",
            **{value.field: value.replacement for value in values},
        )
    return fixed
