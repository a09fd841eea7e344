"""Showing the errors of services on forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.core.exceptions import ValidationError
    from django.forms import BaseForm
else:
    BaseForm = object


class ServiceErrorsMixin(BaseForm):
    """Adds the validation errors of services to a form."""

    def add_service_error(self, error: ValidationError) -> None:
        """Add a service's error to its fields.

        Args:
            error: The error that the service raised. Errors of fields that the form does not
                have become non-field errors.
        """
        by_field = error.error_dict if hasattr(error, "error_dict") else {None: error.error_list}
        for name, errors in by_field.items():
            for field_error in errors:
                self.add_error(name if name in self.fields else None, field_error)
