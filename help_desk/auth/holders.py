"""Who holds a permission on tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import auth
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import FieldError
from django.db.models import Q, QuerySet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import Model


def holders(permission: str, using: str, among: Collection[Any] | None = None) -> set[Any]:
    """Find the active accounts that hold a permission.

    Every authentication backend that can enumerate holders is asked once
    (https://docs.djangoproject.com/en/stable/topics/auth/customizing/); one that cannot
    is asked about each account of `among`, if there is such a list.

    Args:
        permission: Its name, as `has_perm` takes it.
        using: Alias of the database to ask.
        among: Keys of the accounts that matter; None for all.

    Returns:
        Keys of accounts.
    """
    if among is not None and not among:
        return set()
    found: set[Any] = set()
    mute_backends = []
    for backend in auth.get_backends():
        try:
            found |= _active_ids(_permitted(backend, permission), using, among)
        except (FieldError, NotImplementedError):
            # Django's backend, with a user model that has neither groups nor
            # permissions; or a backend that says it cannot.
            mute_backends.append(backend)
    if among is not None and mute_backends:
        found |= _asked_one_by_one(mute_backends, permission, using, set(among) - found)
    return found


def _permitted(backend: Any, permission: str) -> Iterable[Any]:
    with_perm = getattr(backend, "with_perm", None)
    if with_perm is None:
        raise NotImplementedError
    asks_as_django_does = getattr(type(backend), "with_perm", None) is ModelBackend.with_perm
    if asks_as_django_does and issubclass(get_user_model(), PermissionsMixin):
        return _permitted_in_the_database(permission)
    permitted: Iterable[Any] = with_perm(permission, is_active=True, include_superusers=True)
    return permitted


def _permitted_in_the_database(permission: str) -> QuerySet[Any]:
    """Find the accounts that `ModelBackend.with_perm` finds, in linear time.

    Django's query looks at every member of the permission's groups once more for each
    account of the site: with 1,000 managers among 2,000 accounts, a quarter of a second.
    """
    label, codename = permission.split(".")
    accounts = get_user_model()._default_manager
    holds = Q(is_superuser=True)
    for path in ("user_permissions", "groups__permissions"):
        granted = {f"{path}__codename": codename, f"{path}__content_type__app_label": label}
        holds |= Q(pk__in=accounts.filter(**granted).values("pk"))
    return accounts.filter(holds, is_active=True)


def _active_ids(permitted: Iterable[Any], using: str, among: Collection[Any] | None) -> set[Any]:
    """Hold on to active accounts, for a backend may not look at `is_active`."""
    if isinstance(permitted, QuerySet):
        accounts = permitted.using(using)
        if not accounts.query.is_sliced:
            accounts = accounts.order_by()
            if among is not None:
                accounts = accounts.filter(pk__in=among)
        if _has_field(accounts.model, "is_active"):
            rows = accounts.values_list("pk", "is_active")
            return {user_id for user_id, is_active in rows if is_active}
        permitted = accounts
    ids = {account.pk for account in permitted if account.is_active}
    return ids if among is None else ids & set(among)


def _asked_one_by_one(
    backends: Iterable[Any], permission: str, using: str, among: Collection[Any]
) -> set[Any]:
    able = [backend for backend in backends if hasattr(backend, "has_perm")]
    if not able or not among:
        return set()
    accounts = get_user_model()._default_manager.using(using).filter(pk__in=among)
    return {
        account.pk
        for account in accounts
        if account.is_active and any(backend.has_perm(account, permission) for backend in able)
    }


def _has_field(model: type[Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)
