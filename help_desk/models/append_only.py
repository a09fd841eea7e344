"""Rows that are written once."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from help_desk.exceptions import AppendOnlyError


class AppendOnlyModel(models.Model):
    """A row that can be inserted, and neither changed nor deleted by itself."""

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        """Insert the row.

        Args:
            **kwargs: As `django.db.models.Model.save` takes them.

        Raises:
            AppendOnlyError: The row was saved before.
        """
        if not self._state.adding:
            message = f"{self!r} is append-only: it cannot be changed."
            raise AppendOnlyError(message)
        # Django would first try to update a row of that key.
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            AppendOnlyError: Always.
        """
        message = f"{self!r} is append-only: it cannot be deleted."
        raise AppendOnlyError(message)
