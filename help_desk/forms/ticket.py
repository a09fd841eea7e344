"""The forms of a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from help_desk.choices import TICKET_CHOICES
from help_desk.forms.service_errors import ServiceErrorsMixin
from help_desk.models import HelpDeskTicket
from help_desk.text.plain_text import normalize_text
from help_desk.validators import TEXT_MAX_LENGTH

if TYPE_CHECKING:
    TicketModelForm = forms.ModelForm[HelpDeskTicket]
else:
    TicketModelForm = forms.ModelForm


class TicketForm(ServiceErrorsMixin, TicketModelForm):
    """Base of all ticket forms, including the admin's; `ticket.services` saves their values."""

    def clean_description(self) -> str:
        """Normalize line endings: browsers send CR LF whatever the text had.

        If nothing else differs, the stored text is returned, so that no change is recorded.
        """
        submitted = normalize_text(self.cleaned_data["description"])
        stored = self.instance.description
        return stored if normalize_text(stored) == submitted else submitted


_WIDGETS = {
    **dict.fromkeys(TICKET_CHOICES, forms.RadioSelect),
    "description": forms.Textarea(attrs={"rows": 8, "dir": "auto", "maxlength": TEXT_MAX_LENGTH}),
}


class _PageForm(TicketForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in TICKET_CHOICES.items():
            if name in self.fields:
                # Radio buttons need none for an empty choice.
                self.fields[name].choices = choices.choices  # type: ignore[attr-defined]


class HelpDeskTicketCreateForm(_PageForm):
    """The form that creates a ticket. Creator and status are not among its fields."""

    class Meta:
        model = HelpDeskTicket
        fields = ("purpose", "priority", "description")
        widgets = _WIDGETS
        help_texts = {
            "purpose": _(
                "App: software and websites. Company: everything else, such as rooms and equipment."
            ),
            "description": _("What happened, where, and what you expected instead."),
        }


class HelpDeskTicketUpdateForm(_PageForm):
    """The form that edits a ticket. The creator is not among its fields."""

    class Meta:
        model = HelpDeskTicket
        fields = ("purpose", "priority", "status", "description")
        widgets = _WIDGETS
