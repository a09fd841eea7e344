"""Who is concerned: a question to accounts, permissions and settings."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import FieldError
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import Model

DELETE_PERMISSION = "django_spire_help_desk.delete_helpdeskticket"
"""Whoever holds it is a manager."""


class Role(enum.Enum):
    """What a person is to a ticket."""

    DEVELOPER = "developer"
    MANAGER = "manager"


@dataclass(kw_only=True)
class Person:
    """Somebody to be told.

    Attributes:
        user_id: Key of the account; None for an address without one.
        email: Where e-mail reaches the person; empty for nowhere.
        roles: What the person is to the ticket.
    """

    user_id: Any = None
    email: str = ""
    roles: set[Role] = field(default_factory=set)


def people_told_of_new_tickets(using: str) -> list[Person]:
    """Find developers and managers.

    Args:
        using: Alias of the database to ask.

    Returns:
        Each person once, with every role that they have.
    """
    people: dict[Any, Person] = {}
    strangers = []
    for developer in _developers(using):
        if developer.user_id is None:
            strangers.append(developer)
        else:
            people[developer.user_id] = developer
    for user_id in _manager_ids(using):
        people.setdefault(user_id, Person(user_id=user_id)).roles.add(Role.MANAGER)
    return [*people.values(), *strangers]


def developer_addresses() -> list[str]:
    """Read the addresses in `settings.ADMINS`.

    Returns:
        Each address once (whatever the case of its letters), as it is written there;
        entries may be `(name, address)` pairs, as until Django 5.2, or plain strings,
        with or without a name before the address.
    """
    addresses: dict[str, str] = {}
    for entry in settings.ADMINS:
        address = address_in(entry)
        if "@" in address:
            addresses.setdefault(address.lower(), address)
    return list(addresses.values())


def address_in(entry: object) -> str:
    """Read one entry of `settings.ADMINS`.

    Args:
        entry: An address, with or without a name before it, or a pair of name and
            address.

    Returns:
        The address; empty where the entry holds none.
    """
    text = entry[-1] if isinstance(entry, (list, tuple)) and entry else entry
    return parseaddr(text)[1] if isinstance(text, str) else ""


def _developers(using: str) -> Iterator[Person]:
    addresses = {address.lower(): address for address in developer_addresses()}
    without_account = dict(addresses)
    email_field = _email_field()
    if addresses and email_field is not None:
        accounts = (
            get_user_model()
            ._default_manager.using(using)
            .annotate(help_desk_email=Lower(email_field))
            .filter(help_desk_email__in=addresses)
            .order_by("pk")
        )
        for account in accounts:
            address = getattr(account, email_field)
            if address.lower() not in addresses:
                continue  # a database may hold letters with and without accents for equal
            without_account.pop(address.lower(), None)
            if account.is_active:
                yield Person(user_id=account.pk, email=address, roles={Role.DEVELOPER})
    for address in without_account.values():
        yield Person(email=address, roles={Role.DEVELOPER})


def _email_field() -> str | None:
    """Name the account's e-mail field, if the host's user model has one."""
    user_model = get_user_model()
    name = user_model.get_email_field_name()
    return name if _has_field(user_model, name) else None


def _manager_ids(using: str) -> Iterator[Any]:
    """Ask every authentication backend that can say who holds a permission."""
    for backend in auth.get_backends():
        if not hasattr(backend, "with_perm"):
            continue
        try:
            yield from _active_ids(_holders(backend), using)
        except (FieldError, NotImplementedError):
            # Django's backend, with a user model that has neither groups nor
            # permissions; or a backend that says it cannot.
            continue


def _holders(backend: Any) -> Iterable[Any]:
    asks_as_django_does = getattr(type(backend), "with_perm", None) is ModelBackend.with_perm
    if asks_as_django_does and issubclass(get_user_model(), PermissionsMixin):
        return _holders_in_the_database()
    holders: Iterable[Any] = backend.with_perm(
        DELETE_PERMISSION, is_active=True, include_superusers=True
    )
    return holders


def _holders_in_the_database() -> QuerySet[Any]:
    """Find the accounts that `ModelBackend.with_perm` finds, in linear time.

    Django's query looks at every member of the permission's groups once more for each
    account of the site: with 1,000 managers among 2,000 accounts, a quarter of a second.
    """
    label, codename = DELETE_PERMISSION.split(".")
    accounts = get_user_model()._default_manager
    holds = Q(is_superuser=True)
    for path in ("user_permissions", "groups__permissions"):
        granted = {f"{path}__codename": codename, f"{path}__content_type__app_label": label}
        holds |= Q(pk__in=accounts.filter(**granted).values("pk"))
    return accounts.filter(holds, is_active=True)


def _active_ids(holders: Iterable[Any], using: str) -> Iterator[Any]:
    """Hold on to active accounts, for a backend may not look at `is_active`."""
    if isinstance(holders, QuerySet):
        holders = holders.using(using)
        if not holders.query.is_sliced:
            holders = holders.order_by()
        if _has_field(holders.model, "is_active"):
            rows = holders.values_list("pk", "is_active")
            yield from (user_id for user_id, is_active in rows if is_active)
            return
    yield from (holder.pk for holder in holders if holder.is_active)


def _has_field(model: type[Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)
