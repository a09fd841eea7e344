"""What people fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict
from django.utils.text import normalize_newlines
from django.utils.translation import gettext_lazy as _

from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User
    from django.core.exceptions import ValidationError

    from help_desk.querysets import HelpDeskTicketQuerySet

    TicketModelForm = forms.ModelForm[HelpDeskTicket]
else:
    TicketModelForm = forms.ModelForm

SEARCH_MAX_LENGTH = 200
"""Characters; SQLite refuses patterns over 50,000 bytes (its limits.html, point 10)."""


class TicketForm(TicketModelForm):
    """What all ticket forms have in common, those of the admin too.

    The forms check and tidy what was typed; tickets are saved by `ticket.services`.
    """

    def clean_description(self) -> str:
        """Tidy line ends; browsers send CR LF whatever the text had.

        Returns:
            What was typed, with LF; the ticket's own text where nothing else differs, so
            that history does not tell of changes that nobody made.
        """
        typed = normalize_newlines(self.cleaned_data["description"])
        stored = self.instance.description
        return stored if normalize_newlines(stored).strip() == typed else typed

    def add_service_error(self, error: ValidationError) -> None:
        """Show what a service refused.

        Args:
            error: What the service raised; errors of fields that the form does not have
                are shown above it.
        """
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            field = name if name in self.fields and name != NON_FIELD_ERRORS else None
            for single in errors:
                self.add_error(field, single)


_CHOICES = {
    "purpose": HelpDeskTicketPurposeChoices,
    "priority": HelpDeskTicketPriorityChoices,
    "status": HelpDeskTicketStatusChoices,
}
_WIDGETS = {
    **dict.fromkeys(_CHOICES, forms.RadioSelect),
    "description": forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
}


class _PageForm(TicketForm):
    """What both ticket forms of the pages have in common."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in _CHOICES.items():
            if name in self.fields:
                # Radio buttons need no button for "nothing chosen".
                self.fields[name].choices = choices.choices  # type: ignore[attr-defined]


class HelpDeskTicketCreateForm(_PageForm):
    """Files a ticket; who files it and its status are not asked."""

    class Meta:
        model = HelpDeskTicket
        fields = ("purpose", "priority", "description")
        widgets = _WIDGETS
        help_texts = {
            "purpose": _("App: a program or a page. Company: all else, such as rooms and devices."),
            "description": _("What happened, where, and what you expected instead."),
        }


class HelpDeskTicketUpdateForm(_PageForm):
    """Changes a ticket; who filed it stays."""

    class Meta:
        model = HelpDeskTicket
        fields = ("purpose", "priority", "status", "description")
        widgets = _WIDGETS


class HelpDeskTicketFilterForm(forms.Form):
    """Narrows the list of tickets; made from a query string, and never invalid.

    What it does not know is as if it had not been said.
    """

    q = forms.CharField(
        label=_("Number or words"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "dir": "auto"}),
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("Any status")), *HelpDeskTicketStatusChoices.choices],
    )
    priority = forms.ChoiceField(
        label=_("Priority"),
        required=False,
        choices=[("", _("Any priority")), *HelpDeskTicketPriorityChoices.choices],
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        required=False,
        choices=[("", _("Any purpose")), *HelpDeskTicketPurposeChoices.choices],
    )
    assignee = forms.ChoiceField(
        label=_("Assigned to"),
        required=False,
        choices=[("", _("Anybody")), ("me", _("Me")), ("nobody", _("Nobody"))],
    )

    def __init__(self, query: Mapping[str, str]) -> None:
        """Read a query string.

        Args:
            query: `request.GET`; what is not of the form is ignored.
        """
        self.chosen: dict[str, str] = {}
        """Name to value of what narrows the list."""
        for name, choices in _CHOICES.items():
            if (value := query.get(name, "")) in choices.values:
                self.chosen[name] = value
        if (assignee := query.get("assignee", "")) in {"me", "nobody"}:
            self.chosen["assignee"] = assignee
        if text := _searchable(query.get("q", "")):
            self.chosen["q"] = text
        super().__init__(data=self.chosen)

    def narrow(
        self, tickets: HelpDeskTicketQuerySet, reader: User | None = None
    ) -> HelpDeskTicketQuerySet:
        """Leave out what was not asked for.

        Args:
            tickets: The tickets to choose from.
            reader: Who asks; whom `assignee=me` means.

        Returns:
            Those that match.
        """
        assignee = self.chosen.get("assignee")
        if assignee == "nobody" or (assignee == "me" and reader is not None):
            tickets = tickets.assigned(reader if assignee == "me" else None)
        exact = {name: value for name, value in self.chosen.items() if name in _CHOICES}
        return tickets.filter(**exact).search(self.chosen.get("q"))

    def query(self) -> QueryDict:
        """Build the query string of what was chosen, for links to other pages of the list.

        Returns:
            A query that says the same, without what was ignored.
        """
        query = QueryDict(mutable=True)
        query.update(self.chosen)
        return query


def _searchable(text: str) -> str:
    """Drop what no database can be asked for."""
    storable = text.replace("\x00", "").encode(errors="ignore").decode()
    return storable.strip()[:SEARCH_MAX_LENGTH].strip()
