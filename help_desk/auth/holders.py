"""Which users hold a permission."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib import auth
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import FieldError
from django.db.models import Q, QuerySet

from help_desk.auth.user_model import has_user_field

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def holders(permission: str, using: str, among: Collection[Any] | None = None) -> set[Any]:
    """Return the IDs of the active users who hold a permission.

    Each authentication backend that can list holders is queried once
    (https://docs.djangoproject.com/en/stable/topics/auth/customizing/). For one that cannot,
    `has_perm` is called for each user of `among`, if that is given. Likewise, `has_perm` of a user
    model without groups and permissions is called, which need not ask the backends.

    Args:
        permission: The name of the permission, in the form that `has_perm` expects.
        using: The alias of the database.
        among: The IDs of the users to consider; None for all.

    Returns:
        User IDs.
    """
    if among is not None and not among:
        return set()
    found: set[Any] = set()
    other_backends = []
    for backend in auth.get_backends():
        try:
            found |= _active_ids(_with_permission(backend, permission), using, among)
        except (FieldError, NotImplementedError):
            # FieldError: Django's backend, with a user model without groups and permissions.
            other_backends.append(backend)
    if among is not None:
        found |= _check_each_user(other_backends, permission, using, set(among) - found)
    return found


def users_with(permission: str, using: str, *, limit: int) -> list[Any]:
    """Return the active users who hold a permission, as far as backends can list them.

    Like `holders`, with one query per backend.

    Args:
        permission: The name of the permission, as `has_perm` takes it.
        using: The alias of the database.
        limit: How many users to load from each backend's query.

    Returns:
        Users in any order.
    """
    found: dict[Any, Any] = {}
    for backend in auth.get_backends():
        try:
            users = _with_permission(backend, permission)
            if isinstance(users, QuerySet):
                users = _without_inactive(users.using(using))[:limit]
            found |= {user.pk: user for user in users if user.is_active}
        except (FieldError, NotImplementedError):
            continue
    return list(found.values())


def _without_inactive(users: QuerySet[Any]) -> QuerySet[Any]:
    """Leave out inactive users if the query allows another condition."""
    is_open = not (users.query.is_sliced or users.query.combinator)
    if is_open and has_user_field("is_active"):
        return users.order_by().filter(is_active=True)
    return users


def _with_permission(backend: Any, permission: str) -> Iterable[Any]:
    with_perm = getattr(backend, "with_perm", None)
    if with_perm is None:
        raise NotImplementedError
    is_inherited = getattr(type(backend), "with_perm", None) is ModelBackend.with_perm
    if is_inherited and issubclass(get_user_model(), PermissionsMixin):
        return _with_permission_in_database(permission)
    users: Iterable[Any] = with_perm(permission, is_active=True, include_superusers=True)
    return users


@cache
def _with_permission_in_database(permission: str) -> QuerySet[Any]:
    """Return the users that `ModelBackend.with_perm` returns, in linear time.

    Django's query visits every member of the permission's groups again for each user of the
    site: with 1,000 managers among 2,000 users, it takes a quarter of a second. The queryset is
    cached, because building it takes longer than running it; callers derive their own from it.
    """
    label, codename = permission.split(".")
    users = get_user_model()._default_manager
    holds = Q(is_superuser=True)
    for path in ("user_permissions", "groups__permissions"):
        granted = {f"{path}__codename": codename, f"{path}__content_type__app_label": label}
        holds |= Q(pk__in=users.filter(**granted).values("pk"))
    return users.filter(holds, is_active=True)


def _active_ids(users: Iterable[Any], using: str, among: Collection[Any] | None) -> set[Any]:
    """Return the IDs of active users; a backend may ignore `is_active`."""
    if isinstance(users, QuerySet):
        users = users.using(using)
        if not users.query.is_sliced:
            users = users.order_by()
            if among is not None:
                users = users.filter(pk__in=among)
        if has_user_field("is_active"):
            rows = users.values_list("pk", "is_active")
            return {user_id for user_id, is_active in rows if is_active}
    ids = {user.pk for user in users if user.is_active}
    return ids if among is None else ids & set(among)


def _check_each_user(
    backends: Iterable[Any], permission: str, using: str, among: Collection[Any]
) -> set[Any]:
    user_model: Any = get_user_model()
    if issubclass(user_model, PermissionsMixin):
        checks = [backend.has_perm for backend in backends if hasattr(backend, "has_perm")]
    else:
        checks = [user_model.has_perm]  # ModelBackend.has_perm fails without `is_superuser`
    if not checks or not among:
        return set()
    users = user_model._default_manager.using(using).filter(pk__in=among)
    return {
        user.pk
        for user in users
        if user.is_active and any(has_perm(user, permission) for has_perm in checks)
    }
