"""The developers: the email addresses in Django's setting `ADMINS`."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.functions import Lower

from help_desk.auth.user_model import email_of, user_email_field

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def address_key(address: str) -> str:
    """Return what two spellings of an address have in common that differ only in case."""
    # Not `address.lower()`, which turns the Kelvin sign into a k: with such a lookalike, users
    # could pass for a developer whose mailbox they do not have (as in CVE-2019-19844).
    return "".join(low if (low := char.lower()).upper() == char else char for char in address)


def address_in(entry: object) -> str:
    """Return the address in an entry of `settings.ADMINS`: a string or a (name, address) pair."""
    text = entry[-1] if isinstance(entry, (list, tuple)) and entry else entry
    return parseaddr(text)[1] if isinstance(text, str) else ""


def developer_addresses() -> dict[str, str]:
    """Return the email addresses in `settings.ADMINS` by their keys."""
    addresses: dict[str, str] = {}
    for entry in settings.ADMINS:
        address = address_in(entry)
        if "@" in address:
            addresses.setdefault(address_key(address), address)
    return addresses


def key_of(user: Any) -> str:
    """Return the key of a user's email address; empty without one."""
    return address_key(email_of(user))


def is_developer(user: Any) -> bool:
    """Whether a user's email address is in `settings.ADMINS`."""
    return key_of(user) in developer_addresses()


def users_with_address(addresses: Collection[str], using: str) -> Iterator[tuple[Any, str]]:
    """Yield the users with these email addresses, also inactive ones, with their address."""
    email_field = user_email_field()
    if not addresses or email_field is None:
        return
    users = (
        get_user_model()
        ._default_manager.using(using)
        .annotate(help_desk_email=Lower(email_field))
        .filter(help_desk_email__in={address.lower() for address in addresses})
        .order_by("pk")
    )
    keys = set(map(address_key, addresses))
    for user in users:
        address = getattr(user, email_field)
        # Databases may treat letters with and without accents as equal.
        if address_key(address) in keys:
            yield user, address


def inactive_addresses(addresses: Collection[str], using: str) -> set[str]:
    """Return the keys of the addresses that belong to inactive users only."""
    is_active: dict[str, bool] = {}
    for user, address in users_with_address(addresses, using):
        key = address_key(address)
        is_active[key] = is_active.get(key, False) or user.is_active
    return {key for key in is_active if not is_active[key]}
