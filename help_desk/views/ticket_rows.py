"""The rows of the ticket list.

Labels, URLs and dates are made here, once for all rows where possible: in the template of a row
they took a third of the page's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _

from help_desk.choices import TICKET_CHOICES, HelpDeskTicketStatusChoices
from help_desk.content.wording import display_name, summary
from help_desk.forms.assignment import ASSIGN_TO_ME, UNASSIGN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from help_desk.auth.controller import BaseHelpDeskAuthController
    from help_desk.models import HelpDeskTicket


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketRow:
    """What the list shows of a ticket, as plain text.

    Attributes:
        ticket: The ticket.
        number: Its number, without a thousands separator.
        url: The URL of its page.
        summary: The beginning of its description.
        status: The label of its status.
        priority: The label of its priority.
        purpose: The label of its purpose.
        created: The ISO 8601 date and time of its creation.
        created_date: The date of its creation, in the user's format.
        assignee: The assignee's name.
        creator: The creator's name.
        assign_url: Where the buttons post to; empty if the user cannot assign the ticket.
        assign_page_url: The page on which to select an assignee.
        action: The action of the button, `assign_to_me` or `unassign`; empty for no button.
        action_label: The button's label.
    """

    ticket: HelpDeskTicket
    number: str
    url: str
    summary: str
    status: str
    priority: str
    purpose: str
    created: str
    created_date: str
    assignee: str
    creator: str
    assign_url: str = ""
    assign_page_url: str = ""
    action: str = ""
    action_label: str = ""


def ticket_rows(
    tickets: Iterable[HelpDeskTicket], auth: BaseHelpDeskAuthController, current_url: str
) -> list[TicketRow]:
    """Return a row for each ticket.

    Args:
        tickets: With creator and assignee, and with their version if the user can change them.
        auth: The user's permissions.
        current_url: The URL to return to after assigning a ticket.

    Returns:
        The rows, in the same order.
    """
    user_id = auth.request.user.pk
    can_change = auth.can_change()
    return_query = urlencode({"return_url": current_url})
    labels = {
        field: {value: str(label) for value, label in choices.choices}
        for field, choices in TICKET_CHOICES.items()
    }
    date_text = cache(lambda day: date_format(day, "DATE_FORMAT"))
    rows = []
    for ticket in tickets:
        created = ticket.created_datetime
        if is_aware(created):
            created = localtime(created)
        row = TicketRow(
            ticket=ticket,
            number=str(ticket.pk),
            url=ticket.get_absolute_url(),
            summary=summary(ticket.description),
            status=labels["status"].get(ticket.status, ticket.status),
            priority=labels["priority"].get(ticket.priority, ticket.priority),
            purpose=labels["purpose"].get(ticket.purpose, ticket.purpose),
            created=created.isoformat(),
            created_date=date_text(created.date()),
            assignee=_assignee(ticket, user_id),
            creator=display_name(ticket.created_by),
            **(_assignment(ticket, user_id, return_query) if can_change else {}),
        )
        rows.append(row)
    return rows


def _assignee(ticket: HelpDeskTicket, user_id: object) -> str:
    if ticket.assigned_to is None:
        return _("Unassigned")
    return _("You") if ticket.assigned_to_id == user_id else display_name(ticket.assigned_to)


def _assignment(ticket: HelpDeskTicket, user_id: object, return_query: str) -> dict[str, str]:
    if ticket.status == HelpDeskTicketStatusChoices.DONE:
        return {}
    url = reverse("django_spire:help_desk:form:assign", kwargs={"pk": ticket.pk})
    urls = {
        "assign_url": f"{url}?version={ticket.version or 0}",
        "assign_page_url": f"{url}?{return_query}",
    }
    if ticket.assigned_to_id is None:
        return {**urls, "action": ASSIGN_TO_ME, "action_label": _("Assign to me")}
    if ticket.assigned_to_id == user_id:
        return {**urls, "action": UNASSIGN, "action_label": _("Unassign")}
    return urls
