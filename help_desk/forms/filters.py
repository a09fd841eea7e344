"""The filters of the ticket list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from help_desk.choices import TICKET_CHOICES
from help_desk.querysets.ticket import SEARCH_MAX_LENGTH
from help_desk.text.plain_text import storable

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from help_desk.querysets import HelpDeskTicketQuerySet

ME, UNASSIGNED = "me", "unassigned"


class SearchField(forms.CharField):
    """A search text, without characters that databases reject in a query."""

    widget = forms.TextInput(
        attrs={"type": "search", "dir": "auto", "maxlength": SEARCH_MAX_LENGTH}
    )

    def to_python(self, value: Any) -> str:
        """Return the text that is searched for."""
        text = storable(super().to_python(value) or "").strip()
        return text[:SEARCH_MAX_LENGTH].strip()

    def bound_data(self, data: Any, initial: Any) -> str:
        """Show the text that was searched for, not what was submitted."""
        return self.to_python(data)


class HelpDeskTicketFilterForm(forms.Form):
    """Filters the list of tickets by the query string.

    Invalid values are ignored: the valid ones apply.
    """

    q = SearchField(label=_("Search"), required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("Any status")), *TICKET_CHOICES["status"].choices],
    )
    priority = forms.ChoiceField(
        label=_("Priority"),
        required=False,
        choices=[("", _("Any priority")), *TICKET_CHOICES["priority"].choices],
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        required=False,
        choices=[("", _("Any purpose")), *TICKET_CHOICES["purpose"].choices],
    )
    assignee = forms.ChoiceField(
        label=_("Assigned to"),
        required=False,
        choices=[("", _("Any assignee")), (ME, _("Me")), (UNASSIGNED, _("Unassigned"))],
    )

    @property
    def active_filters(self) -> dict[str, str]:
        """Field name to value of the filters that apply."""
        self.is_valid()  # An invalid value is not in `cleaned_data`; the others are.
        return {name: value for name, value in self.cleaned_data.items() if value}

    def apply(self, tickets: HelpDeskTicketQuerySet, user: User) -> HelpDeskTicketQuerySet:
        """Filter tickets.

        Args:
            tickets: The tickets.
            user: The user whose tickets `assignee=me` means.

        Returns:
            The tickets that match every active filter.
        """
        filters = self.active_filters
        tickets = tickets.search(filters.pop("q", None))
        if assignee := filters.pop("assignee", None):
            tickets = tickets.assigned(user if assignee == ME else None)
        return tickets.filter(**filters)

    def query(self) -> QueryDict:
        """Return the active filters as a query string, for links to other pages of the list.

        Returns:
            A mutable `QueryDict`.
        """
        query = QueryDict(mutable=True)
        query.update(self.active_filters)
        return query
