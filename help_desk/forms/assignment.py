"""What people fill in to work on a ticket: who has it, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.content.wording import display_name
from help_desk.validators import validate_storable_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket

MAX_CHOICES = 50
"""People in a select; where there are more, a name is typed."""

TAKE, GIVE, RELEASE = "take", "give", "release"


class StatusForm(forms.Form):
    """One click: the status that a ticket should get."""

    status = forms.ChoiceField(choices=HelpDeskTicketStatusChoices)


class AssignForm(forms.Form):
    """Takes a ticket, gives it to somebody, or releases it.

    People are named by what they sign in with, whether they are chosen or typed.
    """

    action = forms.ChoiceField(
        choices=[(TAKE, _("Take it")), (GIVE, _("Give it")), (RELEASE, _("Release it"))],
        widget=forms.HiddenInput,
    )
    person = forms.CharField(
        label=_("Give it to"),
        required=False,
        max_length=254,
        validators=[validate_storable_text],
    )

    def __init__(
        self,
        data: Any = None,
        *,
        ticket: HelpDeskTicket,
        able: Sequence[User] | None,
        taker: User,
    ) -> None:
        """Draw the form.

        Args:
            data: What was posted.
            ticket: The ticket, with who has it.
            able: The people who may have it; None where there are too many to choose from.
            taker: Who is asked.
        """
        super().__init__(data)
        self.taker = taker
        if able is not None:
            people = sorted(
                (person for person in able if person.pk != ticket.assigned_to_id),
                key=lambda person: display_name(person).casefold(),
            )
            self.fields["person"].widget = forms.Select(
                choices=[
                    ("", _("Choose somebody")),
                    *((str(person.get_username()), display_name(person)) for person in people),
                ]
            )
        else:
            self.fields["person"].widget = forms.TextInput(
                attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
            )
            self.fields["person"].help_text = _("What the person signs in with.")

    def clean(self) -> dict[str, Any]:
        """Find the person.

        Returns:
            The values; `assigned_to` is who should have the ticket.
        """
        cleaned = super().clean() or self.cleaned_data
        action = cleaned.get("action")
        cleaned["assigned_to"] = self.taker if action == TAKE else None
        if action == GIVE and "person" in cleaned:
            cleaned["assigned_to"] = self._find(cleaned["person"])
        return cleaned

    def _find(self, name: str) -> User | None:
        if not name:
            self.add_error("person", _("Say who should have it."))
            return None
        user_model = get_user_model()
        accounts = user_model._default_manager
        try:
            found: User | None = accounts.filter(**{user_model.USERNAME_FIELD: name}).first()
        except (ValidationError, ValueError):
            found = None
        if found is None:
            self.refuse_person()
        return found

    def refuse_person(self) -> None:
        """Say that a ticket cannot be given to the person who was named."""
        self.add_error("person", _("There is nobody of this name who may change tickets."))
