"""Authentication backends of hosts; some can list the holders of a permission."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend


def _external_managers() -> Any:
    """Return the users that an external directory lists as managers, active or not."""
    user_model = get_user_model()
    return user_model._default_manager.filter(
        **{f"{user_model.USERNAME_FIELD}__startswith": "chief"}
    )


class NoWithPermBackend(BaseBackend):
    """Cannot list holders: it has no `with_perm`."""


class UnsupportedBackend(BaseBackend):
    """Cannot list holders: `with_perm` raises NotImplementedError."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        raise NotImplementedError


class LazilyUnsupportedBackend(BaseBackend):
    """Cannot list holders: `with_perm` raises when its result is iterated over."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        raise NotImplementedError
        yield


class ListBackend(BaseBackend):
    """Returns a list that includes inactive users."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        assert perm == "django_spire_help_desk.delete_helpdeskticket"
        return list(_external_managers())


class QuerySetBackend(BaseBackend):
    """Returns a queryset that includes inactive users."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        return _external_managers()


class SlicedBackend(BaseBackend):
    """Returns a queryset that cannot be filtered any more."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        return _external_managers().order_by("pk")[:9]


class UnionBackend(BaseBackend):
    """Returns a combined queryset, which cannot be filtered either."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        return _external_managers().union(_external_managers().none())


class AskedBackend(BaseBackend):
    """Cannot list holders, but tells for each user; counts how often it was asked."""

    asked: ClassVar[list[Any]] = []

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        self.asked.append((user_obj.pk, perm))
        return str(user_obj.get_username()).startswith("chief")


class LoginOnlyBackend:
    """Knows nothing of permissions."""


class BrokenBackend(BaseBackend):
    """Fails because its directory is down."""

    def with_perm(self, perm: str, **options: Any) -> Any:
        message = "The directory is down."
        raise ConnectionError(message)
