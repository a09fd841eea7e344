"""The admin's form of a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.db.models import BigIntegerField
from django.utils.translation import gettext as _

from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.content.wording import field_label, format_attribute
from help_desk.exceptions import TicketConflictError
from help_desk.forms.ticket import TicketForm
from help_desk.services.flows.conflicts import merge

if TYPE_CHECKING:
    from django.http import QueryDict


class TicketAdminForm(TicketForm):
    """A ticket form that detects edit conflicts.

    It contains the version of the ticket that it shows. Saving is up to the admin class.
    """

    version = forms.IntegerField(
        required=False, min_value=0, max_value=BigIntegerField.MAX_BIGINT, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["version"] = getattr(self.instance, "version", None) or 0
        if "assigned_to" in self.fields:
            field = cast("forms.ModelChoiceField[Any]", self.fields["assigned_to"])
            users = cast("Any", field.queryset)
            # The current assignee stays in the list even without the permission: saving other
            # changes must not unassign the ticket.
            assignable = holders(policy.permission("change"), users.db)
            field.queryset = users.filter(pk__in=assignable | {self.instance.assigned_to_id})

    def clean(self) -> dict[str, Any] | None:
        """Report a deletion or an edit conflict as errors of the form."""
        cleaned = super().clean() or self.cleaned_data
        fields = {name: value for name, value in cleaned.items() if name != "version"}
        version = cleaned.get("version")
        if self.instance.is_deleted:
            text = _(
                "Your changes were not saved because the ticket was deleted in the meantime. "
                "Restore it in the list of tickets, then save this form again."
            )
            self.add_error(None, text)
        elif version is not None:
            try:
                # The service merges again, with the ticket locked.
                merge(self.instance, version, fields)
            except TicketConflictError as error:
                self._show_conflicts(error)
        return cleaned

    def _show_conflicts(self, error: TicketConflictError) -> None:
        """Add an error to each field, and base the form on the version that these show."""
        labels = ", ".join(field_label(conflict.field) for conflict in error.conflicts)
        text = _(
            "This ticket changed while you were editing: someone else changed the same fields "
            "(%(fields)s). Choose which values to keep, then save again."
        )
        self.add_error(None, text % {"fields": labels})
        for conflict in error.conflicts:
            value = format_attribute(conflict.field, conflict.current)
            text = _("Current value: %(value)s. Saving again replaces it with your value.")
            self.add_error(conflict.field, text % {"value": value})
        # Submitted values stay. Fields that the user did not change follow the ticket: with the
        # new version as the base, their old values would count as changes.
        data = cast("QueryDict", self.data).copy()
        current_values = {**error.updated_by_others, "version": self.initial["version"]}
        for name, current in current_values.items():
            value = self.fields[name].prepare_value(current)
            data[self.add_prefix(name)] = "" if value is None else str(value)
        self.data = data
