"""Rows that are written once."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from help_desk.exceptions import AppendOnlyError


class AppendOnlyModel(models.Model):
    """A row that can be inserted, but neither changed nor deleted through its instance."""

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        """Insert the row; raise AppendOnlyError if it was saved before."""
        if not self._state.adding:
            message = f"{self!r} is append-only: it cannot be changed."
            raise AppendOnlyError(message)
        # Without it, Django first tries to update a row with the same key.
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise AppendOnlyError."""
        message = f"{self!r} is append-only: it cannot be deleted."
        raise AppendOnlyError(message)
