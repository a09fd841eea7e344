"""Rows of django-spire's table that hold values which a ticket cannot have.

Works on tables as `0001_initial` leaves them, because it is needed before the later
migrations can run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import CharField, F, Func, Q

from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model, QuerySet, TextChoices

COMMAND = "help_desk_check_values"

CHOICES: dict[str, type[TextChoices]] = {
    "purpose": HelpDeskTicketPurposeChoices,
    "priority": HelpDeskTicketPriorityChoices,
    "status": HelpDeskTicketStatusChoices,
}

FALLBACKS = {
    "purpose": HelpDeskTicketPurposeChoices.APP,
    "priority": HelpDeskTicketPriorityChoices.MEDIUM,
    "status": HelpDeskTicketStatusChoices.READY,
}
"""What a value becomes that cannot be recognized."""


@dataclass(frozen=True, kw_only=True)
class InvalidValue:
    """One value that a ticket cannot have.

    Attributes:
        ticket_id: The ticket's number.
        field: Name of the field.
        value: What is there.
        replacement: What would be put there instead.
    """

    ticket_id: int
    field: str
    value: str
    replacement: str


def invalid_tickets(model: type[Model], using: str) -> QuerySet[Any]:
    """Find the rows whose values are none that a ticket can have.

    Args:
        model: The ticket, as the caller's migration state or the app has it.
        using: Alias of the database.

    Returns:
        The rows, by their number.
    """
    condition = Q()
    for field, choices in CHOICES.items():
        condition |= ~Q(**{f"exact_{field}__in": choices.values})
    exact = {f"exact_{field}": _exactly(field, using) for field in CHOICES}
    tickets: QuerySet[Any] = model._base_manager.using(using)
    tickets = tickets.alias(**exact)
    return tickets.filter(condition).order_by("pk")


def _exactly(field: str, using: str) -> F | Func:
    """Have a field compared letter by letter.

    MariaDB and MySQL pay no regard to case and trailing space; their constraints would
    let such a value pass, and then no form would.
    """
    if connections[using].vendor == "mysql":
        template = "CAST(%(expressions)s AS BINARY)"
        return Func(F(field), template=template, output_field=CharField())
    return F(field)


def invalid_values(model: type[Model], using: str) -> Iterator[InvalidValue]:
    """List every value that is at fault, and what it would become.

    Args:
        model: As in `invalid_tickets`.
        using: As there.

    Yields:
        One entry per value, by the tickets' numbers.
    """
    rows = invalid_tickets(model, using).values("pk", *CHOICES)
    for row in rows.iterator():
        for field, choices in CHOICES.items():
            if row[field] not in choices.values:
                yield InvalidValue(
                    ticket_id=row["pk"],
                    field=field,
                    value=row[field],
                    replacement=recognize(field, row[field]),
                )


def recognize(field: str, value: str) -> str:
    """Guess what a value was meant to be.

    Args:
        field: `purpose`, `priority` or `status`.
        value: What is there.

    Returns:
        The value whose own text, label or name it is, but for case and surrounding
        space; else the beginning of exactly one of them; else the field's fallback.
    """
    text = value.strip().casefold()
    choices = CHOICES[field]
    names = {
        choice.value: {choice.value, str(choice.label).casefold(), choice.name.casefold()}
        for choice in choices
    }
    exact = [key for key, words in names.items() if text in words]
    begun = [key for key, words in names.items() if text and any(w.startswith(text) for w in words)]
    for found in (exact, begun):
        if len(found) == 1:
            return found[0]
    return FALLBACKS[field].value


def mend(model: type[Model], using: str) -> int:
    """Put valid values in place of invalid ones; what was there goes into the description.

    Args:
        model: As in `invalid_tickets`.
        using: As there.

    Returns:
        How many tickets were changed.
    """
    mended = 0
    by_ticket: dict[int, list[InvalidValue]] = {}
    for invalid in invalid_values(model, using):
        by_ticket.setdefault(invalid.ticket_id, []).append(invalid)
    for ticket_id, values in by_ticket.items():
        ticket = model._base_manager.using(using).filter(pk=ticket_id)
        description = ticket.values_list("description", flat=True).get()
        note = "; ".join(f"{value.field} was {value.value!r}" for value in values)
        mended += ticket.update(
            description=f"{description}\n\n[{note}]",
            **{value.field: value.replacement for value in values},
        )
    return mended
