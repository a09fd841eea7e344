"""The forms for status and assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from help_desk.choices import TICKET_CHOICES
from help_desk.content.wording import display_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket

MAX_CHOICES = 50
"""The maximum number of users in a select; if there are more, the username is typed."""

ASSIGN_TO_ME, ASSIGN, UNASSIGN = "assign_to_me", "assign", "unassign"


class StatusForm(forms.Form):
    """The new status of a ticket."""

    status = forms.ChoiceField(choices=TICKET_CHOICES["status"])


class AssignForm(forms.Form):
    """Assigns a ticket to the current user or to another user, or unassigns it.

    Whether the assignee can change tickets is validated by the service.
    """

    action = forms.ChoiceField(
        choices=[
            (ASSIGN_TO_ME, _("Assign to me")),
            (ASSIGN, _("Assign")),
            (UNASSIGN, _("Unassign")),
        ],
        widget=forms.HiddenInput,
    )

    def __init__(
        self,
        data: Any = None,
        *,
        ticket: HelpDeskTicket,
        assignable: Collection[User] | None,
        user: User,
    ) -> None:
        """Build the form.

        Args:
            data: The submitted data.
            ticket: The ticket.
            assignable: The users who can be assigned tickets; None if there are more than
                `MAX_CHOICES`.
            user: The user who assigns it.
        """
        super().__init__(data)
        self.user = user
        user_model = get_user_model()
        field = forms.ModelChoiceField(
            user_model._default_manager.using(ticket._state.db),
            label=_("Assign to"),
            required=False,
            to_field_name=user_model.USERNAME_FIELD,
            error_messages={
                "required": _("Select a user."),
                "invalid_choice": _("No user with that name can be assigned tickets."),
            },
        )
        if assignable is None:
            field.help_text = _("The name that they sign in with.")
            field.widget = forms.TextInput(
                attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
            )
        else:
            names = [
                (str(other.get_username()), display_name(other))
                for other in assignable
                if other.pk != ticket.assigned_to_id
            ]
            names.sort(key=lambda name: name[1].casefold())
            # Explicit choices, so that rendering the form runs no query.
            field.choices = [("", _("Select a user")), *names]
        self.fields["assignee"] = field

    def clean(self) -> dict[str, Any]:
        """Require an assignee for the action that needs one.

        Returns:
            The cleaned data.
        """
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("action") == ASSIGN and cleaned.get("assignee", "") is None:
            self._add_assignee_error("required")
        return cleaned

    def add_invalid_assignee_error(self) -> None:
        """Report that the user cannot be assigned tickets."""
        self._add_assignee_error("invalid_choice")

    def _add_assignee_error(self, code: str) -> None:
        message = self.fields["assignee"].error_messages[code]
        self.add_error("assignee", forms.ValidationError(message, code=code))

    @property
    def new_assignee(self) -> User | None:
        """The user to assign, or None to unassign; for a valid form."""
        action = self.cleaned_data["action"]
        if action == ASSIGN:
            assignee: User | None = self.cleaned_data["assignee"]
            return assignee
        return self.user if action == ASSIGN_TO_ME else None
