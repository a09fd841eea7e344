"""Rows that are written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from django.db import models

from help_desk.exceptions import AppendOnlyError

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = TypeVar("Row", bound=models.Model)


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Rows that only the package's own methods change or delete."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Raise AppendOnlyError."""
        raise AppendOnlyError(_message(self.model, "changed"))

    def delete(self) -> NoReturn:
        """Raise AppendOnlyError."""
        raise AppendOnlyError(_message(self.model, "deleted"))

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise AppendOnlyError."""
        raise AppendOnlyError(_message(self.model, "changed"))

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        """Insert rows, as in Django; `update_conflicts` raises AppendOnlyError."""
        if kwargs.get("update_conflicts"):
            raise AppendOnlyError(_message(self.model, "changed"))
        return super().bulk_create(objs, *args, **kwargs)

    def write(self, **values: Any) -> int:
        """Update rows; for the package's own modules only."""
        return super().update(**values)

    def write_each(self, rows: Iterable[Row], fields: Iterable[str]) -> None:
        """Update rows with values of their own; for the package's own modules only."""
        # `bulk_update` calls `update`, which is refused here.
        plain: models.QuerySet[Row] = models.QuerySet(self.model, using=self.db)
        plain.bulk_update(rows, fields)

    def remove(self) -> int:
        """Delete rows; for the package's own modules only."""
        return super().delete()[0]


def _message(model: type[models.Model], participle: str) -> str:
    return f"{model._meta.verbose_name_plural} are append-only: they cannot be {participle}."
