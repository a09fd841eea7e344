"""Authentication backends as hosts have them: some can say who holds a permission."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend


def _chiefs() -> Any:
    """Accounts that a directory outside Django counts as managers, active or not."""
    user_model = get_user_model()
    return user_model._default_manager.filter(
        **{f"{user_model.USERNAME_FIELD}__startswith": "chief"}
    )


class SilentBackend(BaseBackend):
    """Cannot say who holds a permission: it has no `with_perm`."""


class UnableBackend(BaseBackend):
    """Says that it cannot."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        raise NotImplementedError


class UnableLaterBackend(BaseBackend):
    """Says that it cannot when it is asked for the first holder."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        raise NotImplementedError
        yield


class ListBackend(BaseBackend):
    """Gives a list, with inactive accounts as well."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        assert perm == "django_spire_help_desk.delete_helpdeskticket"
        return list(_chiefs())


class QuerySetBackend(BaseBackend):
    """Gives a queryset, with inactive accounts as well."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        return _chiefs()


class BrokenBackend(BaseBackend):
    """Fails: the directory behind it is down."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        message = "The directory is down."
        raise ConnectionError(message)
