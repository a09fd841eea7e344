"""Links in emails that unsubscribe without signing in.

A link contains a signed token (https://docs.djangoproject.com/en/stable/topics/signing/) of the
user, of the address that the email was sent to, and of what to unsubscribe from. It expires.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing

from help_desk.auth.developers import address_key

MAX_AGE = timedelta(days=60)
_SALT = "help_desk.unsubscribe"


class Scope(enum.Enum):
    """What to unsubscribe from."""

    TICKET = "ticket"
    """All notifications of one ticket."""
    NEW_TICKETS = "new"
    """Emails about new tickets."""
    ALL_EMAIL = "all"
    """All emails of the help desk."""


@dataclass(frozen=True, kw_only=True)
class Unsubscription:
    """What one user or address unsubscribes from.

    Attributes:
        user_id: The user's ID, as text; None for an address in `ADMINS` by itself.
        scope: What to unsubscribe from.
        ticket_id: The ticket's ID, for `Scope.TICKET`.
        address_hash: The hash of the address that the email was sent to, unless it is about
            one ticket only.
    """

    user_id: str | None
    scope: Scope
    ticket_id: int | None = None
    address_hash: str = ""


def unsubscription_for(
    user_id: Any, address: str, *, ticket_id: int | None, is_new_ticket: bool
) -> Unsubscription:
    """Return what the link in an email unsubscribes from.

    Args:
        user_id: The recipient's ID; None for an address in `ADMINS` by itself.
        address: The address that it is sent to.
        ticket_id: The ID of the email's ticket; None if it is about several.
        is_new_ticket: Whether it was sent because the ticket was created. Muting that ticket
            would not stop the next such email.
    """
    user = None if user_id is None else str(user_id)
    if ticket_id is not None and not is_new_ticket:
        return Unsubscription(user_id=user, scope=Scope.TICKET, ticket_id=ticket_id)
    scope = Scope.ALL_EMAIL if ticket_id is None else Scope.NEW_TICKETS
    return Unsubscription(user_id=user, scope=scope, address_hash=hash_of(address))


def hash_of(address: str) -> str:
    """Return what stands for an address in a token, so that URLs in logs do not contain it."""
    return hashlib.sha256(address_key(address).encode()).hexdigest()[:32]


def token_for(unsubscription: Unsubscription) -> str:
    """Return a signed text that can be a part of a path."""
    return signing.dumps(
        [
            unsubscription.user_id,
            unsubscription.scope.value,
            unsubscription.ticket_id,
            unsubscription.address_hash,
        ],
        salt=_SALT,
    )


def read(token: str) -> Unsubscription | None:
    """Return a token's content; None if it is not genuine or has expired."""
    try:
        user_id, scope, ticket_id, address_hash = signing.loads(token, salt=_SALT, max_age=MAX_AGE)
        return Unsubscription(
            user_id=user_id, scope=Scope(scope), ticket_id=ticket_id, address_hash=address_hash
        )
    except (signing.BadSignature, ValueError):
        return None
