"""What people fill in to talk on a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import normalize_newlines
from django.utils.translation import gettext_lazy as _

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.models import TicketComment

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket

PUBLIC, INTERNAL = "public", "internal"


class _TextForm(forms.Form):
    """A text, as a comment holds it."""

    text = forms.CharField(
        label=_("Text"),
        validators=TicketComment._meta.get_field("text").validators,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )

    def clean_text(self) -> str:
        """Tidy line ends; browsers send CR LF whatever the text had.

        Returns:
            What was typed, with LF.
        """
        return str(normalize_newlines(self.cleaned_data["text"]))

    def add_service_error(self, error: ValidationError) -> None:
        """Show what a service refused.

        Args:
            error: What the service raised.
        """
        fields = getattr(error, "error_dict", {None: error.error_list})
        for name, errors in fields.items():
            for single in errors:
                self.add_error(name if name in self.fields else None, single)


class ReplyForm(_TextForm):
    """A reply, or a note; perhaps with a new status.

    Attributes of the class are all that can be asked; whoever may not write notes or set a
    status is not asked for these, and is refused them if they are sent.
    """

    audience = forms.ChoiceField(
        label=_("Who reads it"),
        required=False,
        initial=PUBLIC,
        choices=[
            (PUBLIC, _("Everybody on the ticket")),
            (INTERNAL, _("Internal note: only those who work on tickets")),
        ],
        widget=forms.RadioSelect,
    )
    status = forms.ChoiceField(label=_("And set the status to"), required=False)

    def __init__(self, data: Any = None, *, ticket: HelpDeskTicket, can_see_internal: bool) -> None:
        """Ask what the person may say.

        Args:
            data: What was posted.
            ticket: The ticket.
            can_see_internal: Whether the person may write notes and set the status.
        """
        super().__init__(data)
        self.fields["text"].label = _("Your reply")
        if can_see_internal:
            kept = _("No change: %(status)s") % {"status": ticket.get_status_display()}
            others = [
                choice
                for choice in HelpDeskTicketStatusChoices.choices
                # The one that was sent may have come true meanwhile: sent twice, or by others.
                if choice[0] != ticket.status or choice[0] == self.data.get("status")
            ]
            chosen = self.fields["status"]
            chosen.choices = [("", kept), *others]  # type: ignore[attr-defined]
        else:
            del self.fields["audience"], self.fields["status"]

    def clean(self) -> dict[str, Any]:
        """Refuse what the person may not do (any more), rather than do half of it.

        Returns:
            The values.

        Raises:
            ValidationError: A note or a status by somebody who may set neither.
        """
        cleaned = super().clean() or self.cleaned_data
        sent = {name for name in ("audience", "status") if self.data.get(name)} - {*self.fields}
        if sent and (self.data.get("audience") == INTERNAL or "status" in sent):
            raise ValidationError(
                _(
                    "Your account may no longer write internal notes or set the status. "
                    "Nothing was sent; what you send now is read by everybody on the ticket."
                ),
                code="not_permitted",
            )
        return cleaned

    def refuse_status(self, ticket: HelpDeskTicket) -> None:
        """Say that somebody else has set another status meanwhile.

        Args:
            ticket: The ticket, as it is now.
        """
        # What was chosen no longer means what it meant.
        self.data = {**{name: self.data.get(name) for name in self.fields}, "status": ""}
        self.add_error(
            "status",
            _(
                "Somebody else has set it to “%(status)s” meanwhile. Nothing was sent: look "
                "at the history, choose once more, and send it again."
            )
            % {"status": ticket.get_status_display()},
        )

    @property
    def is_internal(self) -> bool:
        """Whether it is a note; once the form is valid."""
        return self.cleaned_data.get("audience") == INTERNAL


class CommentEditForm(_TextForm):
    """What a comment should have said."""
