"""What the list says of each ticket, ready to be drawn.

The list draws hundreds of such values, so what is the same for many tickets is looked up
here once, rather than by a tag or filter in each cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _

from help_desk.choices import TICKET_CHOICES, HelpDeskTicketStatusChoices
from help_desk.forms.assignment import RELEASE, TAKE
from help_desk.templatetags.help_desk import help_desk_display_name, help_desk_summary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from help_desk.auth.controller import BaseHelpDeskAuthController
    from help_desk.models import HelpDeskTicket

ANY_NUMBER = 2**63 - 1
"""Stands for a ticket's number in an address that is looked up once for all of them."""


class TicketRow(TypedDict):
    """One ticket in words; a dict, because templates look into dicts first."""

    number: str
    url: str
    name: str
    summary: str
    status: str
    status_label: str
    priority: str
    priority_label: str
    purpose_label: str
    assignee: str
    assign_url: str
    give_url: str
    step: str
    step_label: str
    person: str
    moment: str
    date: str


def ticket_rows(
    tickets: Iterable[HelpDeskTicket], auth: BaseHelpDeskAuthController, here: str
) -> list[TicketRow]:
    """Put tickets into words, in the language and time zone that are active.

    Args:
        tickets: With the people who filed them and who have them; with their version, if the
            reader may change them.
        auth: What the reader may do.
        here: The address to come back to.

    Returns:
        A row for each, in the same order; plain text, not escaped.
    """
    words = _Words(auth, here)
    return [words.row(ticket) for ticket in tickets]


class _Words:
    """What the rows of one list have in common."""

    def __init__(self, auth: BaseHelpDeskAuthController, here: str) -> None:
        self._reader_id = auth.request.user.pk
        self._may_change = auth.can_change()
        self._back = f"?{urlencode({'return_url': here})}"
        self._steps = {TAKE: _("Take it"), RELEASE: _("Release"), "": ""}
        self._you, self._nobody = _("You"), _("nobody")
        self._name = _("Ticket #%(number)s")
        self._assign = reverse("django_spire:help_desk:form:assign", kwargs={"pk": ANY_NUMBER})
        self._labels = {
            name: {value: str(label) for value, label in choices.choices}
            for name, choices in TICKET_CHOICES.items()
        }
        self._url = reverse("django_spire:help_desk:page:detail", kwargs={"pk": ANY_NUMBER})
        self._dates: dict[date, str] = {}

    def row(self, ticket: HelpDeskTicket) -> TicketRow:
        number = str(ticket.pk)
        moment = ticket.created_datetime
        if is_aware(moment):
            moment = localtime(moment)
        step = self._step(ticket)
        assign_url = ""
        if self._may_change and ticket.status != HelpDeskTicketStatusChoices.DONE:
            assign_url = self._assign.replace(str(ANY_NUMBER), number)
        return {
            "number": number,
            "name": self._name % {"number": number},
            "url": self._url.replace(str(ANY_NUMBER), number),
            "summary": help_desk_summary(ticket.description),
            "status": ticket.status,
            "status_label": self._label("status", ticket.status),
            "priority": ticket.priority,
            "priority_label": self._label("priority", ticket.priority),
            "purpose_label": self._label("purpose", ticket.purpose),
            "assignee": self._assignee(ticket),
            "assign_url": assign_url and f"{assign_url}?version={ticket.version or 0}",
            "give_url": assign_url + self._back,
            "step": step,
            "step_label": self._steps[step],
            "person": help_desk_display_name(ticket.created_by),
            "moment": moment.isoformat(),
            "date": self._date(moment.date()),
        }

    def _assignee(self, ticket: HelpDeskTicket) -> str:
        if ticket.assigned_to_id is None:
            return self._nobody
        if ticket.assigned_to_id == self._reader_id:
            return self._you
        return help_desk_display_name(ticket.assigned_to)

    def _step(self, ticket: HelpDeskTicket) -> str:
        """Choose what one click does to it."""
        if ticket.assigned_to_id is None:
            return TAKE
        return RELEASE if ticket.assigned_to_id == self._reader_id else ""

    def _label(self, field: str, value: str) -> str:
        return self._labels[field].get(value, value)

    def _date(self, day: date) -> str:
        if day not in self._dates:
            self._dates[day] = date_format(day, "DATE_FORMAT")
        return self._dates[day]
