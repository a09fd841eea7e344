"""What the list says of each ticket, ready to be drawn.

The list draws hundreds of such values, so what is the same for many tickets is looked up
here once, rather than by a tag or filter in each cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import is_aware, localtime

from help_desk.notifications.content import CHOICES
from help_desk.templatetags.help_desk import help_desk_person, help_desk_summary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from help_desk.models import HelpDeskTicket

ANY_NUMBER = 2**63 - 1
"""Stands for a ticket's number in an address that is looked up once for all of them."""


class TicketRow(TypedDict):
    """One ticket in words; a dict, because templates look into dicts first."""

    ticket: HelpDeskTicket
    number: str
    url: str
    summary: str
    status: str
    status_label: str
    priority: str
    priority_label: str
    purpose_label: str
    person: str
    moment: str
    date: str


def ticket_rows(tickets: Iterable[HelpDeskTicket]) -> list[TicketRow]:
    """Put tickets into words, in the language and time zone that are active.

    Args:
        tickets: With the people who filed them.

    Returns:
        A row for each, in the same order; plain text, not escaped.
    """
    words = _Words()
    return [words.row(ticket) for ticket in tickets]


class _Words:
    """What the rows of one list have in common."""

    def __init__(self) -> None:
        self._labels = {
            name: {value: str(label) for value, label in choices.choices}
            for name, choices in CHOICES.items()
        }
        self._url = reverse("django_spire:help_desk:page:detail", kwargs={"pk": ANY_NUMBER})
        self._dates: dict[date, str] = {}

    def row(self, ticket: HelpDeskTicket) -> TicketRow:
        number = str(ticket.pk)
        moment = ticket.created_datetime
        if is_aware(moment):
            moment = localtime(moment)
        return {
            "ticket": ticket,
            "number": number,
            "url": self._url.replace(str(ANY_NUMBER), number),
            "summary": help_desk_summary(ticket.description),
            "status": ticket.status,
            "status_label": self._label("status", ticket.status),
            "priority": ticket.priority,
            "priority_label": self._label("priority", ticket.priority),
            "purpose_label": self._label("purpose", ticket.purpose),
            "person": help_desk_person(ticket.created_by),
            "moment": moment.isoformat(),
            "date": self._date(moment.date()),
        }

    def _label(self, field: str, value: str) -> str:
        return self._labels[field].get(value, value)

    def _date(self, day: date) -> str:
        if day not in self._dates:
            self._dates[day] = date_format(day, "DATE_FORMAT")
        return self._dates[day]
