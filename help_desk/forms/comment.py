"""The forms for replies and internal notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import normalize_newlines
from django.utils.translation import gettext_lazy as _

from help_desk.choices import TICKET_CHOICES
from help_desk.forms.service_errors import ServiceErrorsMixin
from help_desk.models import TicketComment
from help_desk.validators import TEXT_MAX_LENGTH

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket

PUBLIC, INTERNAL = "public", "internal"


class TextField(forms.CharField):
    """A text of several lines; browsers send CR LF, which counts as one character here."""

    def to_python(self, value: Any) -> str:
        """Return the text with LF."""
        return str(normalize_newlines(super().to_python(value) or ""))


class CommentEditForm(ServiceErrorsMixin, forms.Form):
    """The text of a comment."""

    text = TextField(
        label=_("Text"),
        validators=TicketComment._meta.get_field("text").validators,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto", "maxlength": TEXT_MAX_LENGTH}),
    )


class ReplyForm(CommentEditForm):
    """A reply or an internal note, with an optional change of status.

    Users without the change permission get the text only.
    """

    visibility = forms.ChoiceField(
        label=_("Visibility"),
        required=False,
        initial=PUBLIC,
        choices=[
            (PUBLIC, _("Public reply")),
            (INTERNAL, _("Internal note (visible to staff who can change tickets)")),
        ],
        widget=forms.RadioSelect,
    )
    status = forms.ChoiceField(label=_("Change status"), required=False)

    def __init__(self, data: Any = None, *, ticket: HelpDeskTicket, can_see_internal: bool) -> None:
        """Build the form.

        Args:
            data: The submitted data.
            ticket: The ticket.
            can_see_internal: Whether the user can add internal notes and change the status.
        """
        super().__init__(data)
        self.fields["text"].label = _("Your reply")
        if not can_see_internal:
            del self.fields["visibility"], self.fields["status"]
            return
        unchanged = _("No change: %(status)s") % {"status": ticket.get_status_display()}
        others = [
            choice
            for choice in TICKET_CHOICES["status"].choices
            # A form that is sent twice submits the status that the ticket already has.
            if choice[0] == self.data.get("status") or choice[0] != ticket.status
        ]
        self.fields["status"].choices = [("", unchanged), *others]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Reject the whole reply if the user lost the permission for a part of it.

        Returns:
            The cleaned data.

        Raises:
            ValidationError: For an internal note or a status without the permission.
        """
        is_restricted = "status" not in self.fields
        is_internal = self.data.get("visibility") == INTERNAL
        if is_restricted and (is_internal or self.data.get("status")):
            raise ValidationError(
                _(
                    "You can no longer add internal notes or change the status. Nothing was "
                    "sent. If you send it again, everyone on the ticket can read it."
                ),
                code="not_permitted",
            )
        return super().clean() or self.cleaned_data

    def add_status_conflict(self, ticket: HelpDeskTicket) -> None:
        """Report that another user changed the status.

        Args:
            ticket: The ticket as it is now.
        """
        # The user has to choose again, knowing the new status.
        self.data = {**{name: self.data.get(name) for name in self.fields}, "status": ""}
        self.add_error(
            "status",
            _(
                "Someone else changed the status to “%(status)s” while you were writing. Nothing "
                "was sent. Choose the status again and send your reply."
            )
            % {"status": ticket.get_status_display()},
        )

    @property
    def is_internal(self) -> bool:
        """Whether it is an internal note; for a valid form."""
        return self.cleaned_data.get("visibility") == INTERNAL
