from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db import models


class UsersRouter:
    """Routes the help desk, and the tables that it has foreign keys to, to the database `users`.

    Foreign keys cannot point into another database, so tickets are stored beside users;
    sessions and sites stay in the default database.
    """

    apps = frozenset({"admin", "auth", "contenttypes", "django_spire_help_desk"})

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return self._alias(model._meta.app_label)

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return self._alias(model._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == self._alias(app_label)

    def _alias(self, app_label: str) -> str:
        return "users" if app_label in self.apps else "default"
