"""Rows that are written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from django.db import models

from help_desk.exceptions import AppendOnlyError

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = TypeVar("Row", bound=models.Model)


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Rows that are written once; only the package's own methods move them on."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            AppendOnlyError: Always.
        """
        raise AppendOnlyError(_refusal(self.model, "changed"))

    def delete(self) -> NoReturn:
        """Refuse.

        Raises:
            AppendOnlyError: Always. Rows go with their ticket, and by the package's own
                commands.
        """
        raise AppendOnlyError(_refusal(self.model, "deleted"))

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse.

        Raises:
            AppendOnlyError: Always.
        """
        raise AppendOnlyError(_refusal(self.model, "changed"))

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        """Insert rows; nothing that is there gives way.

        Args:
            objs: New rows.
            *args: As `QuerySet.bulk_create` takes them.
            **kwargs: As there.

        Returns:
            The rows.

        Raises:
            AppendOnlyError: With `update_conflicts`.
        """
        if kwargs.get("update_conflicts"):
            raise AppendOnlyError(_refusal(self.model, "changed"))
        return super().bulk_create(objs, *args, **kwargs)

    def write(self, **values: Any) -> int:
        """Move rows on; for the package's own modules only.

        Args:
            **values: As `QuerySet.update` takes them.

        Returns:
            How many rows matched.
        """
        return super().update(**values)

    def remove(self) -> int:
        """Delete rows; for the package's own modules only.

        Returns:
            How many rows are gone.
        """
        return super().delete()[0]


def _refusal(model: type[models.Model], participle: str) -> str:
    return f"{model._meta.verbose_name_plural} are append-only: they cannot be {participle}."
