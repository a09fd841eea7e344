"""The admin's form of a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _

from help_desk.content.wording import display_name, field_label, format_value
from help_desk.exceptions import TicketConflictError
from help_desk.forms.ticket import TicketForm

if TYPE_CHECKING:
    from django.http import QueryDict

REFUSALS = (IntegrityError, ObjectDoesNotExist, TicketConflictError, ValidationError)
"""What is raised where a valid form cannot be saved any more."""


class TicketAdminForm(TicketForm):
    """Carries the version of the ticket that it was drawn from.

    Saving is not the form's work. If saving fails, the admin validates the form a second
    time, with `refusal` set, and the form shows the failure as its own errors.
    """

    version = forms.CharField(required=False, widget=forms.HiddenInput)

    refusal: ClassVar[Exception | None] = None
    """Why the values were not saved; the admin makes a class for each request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["version"] = getattr(self.instance, "version", None) or 0

    def clean(self) -> dict[str, Any] | None:
        """Add what kept the values from being saved.

        Returns:
            The values.
        """
        cleaned = super().clean()
        refusal = self.refusal
        if self.instance.is_deleted:
            text = _(
                "Nothing was saved, because the ticket was deleted meanwhile. Copy what you "
                "need, restore the ticket in the list of tickets, then change it again."
            )
            self.add_error(None, text)
        elif isinstance(refusal, TicketConflictError):
            self._add_conflicts(refusal)
        elif isinstance(refusal, ValidationError):
            self.add_service_error(refusal)
        elif refusal is not None:
            text = _(
                "Nothing was saved, because an account or the ticket itself was deleted "
                "meanwhile. Check who is assigned, then save again."
            )
            self.add_error(None, text)
        return cleaned

    def _add_conflicts(self, error: TicketConflictError) -> None:
        """Say what others changed, and draw the form anew from the version that says so."""
        labels = ", ".join(field_label(conflict.field) for conflict in error.conflicts)
        text = _(
            "Nothing was saved, because somebody else has changed the same since you opened "
            "this form: %(fields)s. Decide on what each should say, then save again."
        )
        self.add_error(None, text % {"fields": labels})
        for conflict in error.conflicts:
            now = conflict.current
            value = display_name(now) if hasattr(now, "pk") else format_value(conflict.field, now)
            text = _("Now it says: %(value)s. Saving again replaces that by what you chose.")
            self.add_error(conflict.field, text % {"value": value})
        # What was typed stays. What was left alone follows the ticket, or else the next
        # save, which is drawn from the new version, would take it for a wish.
        data = cast("QueryDict", self.data).copy()
        for name, now in {**error.updated_by_others, "version": error.version}.items():
            value = self.fields[name].prepare_value(now)
            data[self.add_prefix(name)] = "" if value is None else str(value)
        self.data = data
