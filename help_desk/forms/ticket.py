"""What people fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.text import normalize_newlines
from django.utils.translation import gettext_lazy as _

from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from django.core.exceptions import ValidationError

    TicketModelForm = forms.ModelForm[HelpDeskTicket]
else:
    TicketModelForm = forms.ModelForm


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
