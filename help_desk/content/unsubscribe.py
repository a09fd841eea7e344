"""Links in emails that unsubscribe without signing in.

A link contains a signed token (https://docs.djangoproject.com/en/stable/topics/signing/) of the
user and of what to unsubscribe from. It expires.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing

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
    """What one user unsubscribes from.

    Attributes:
        user_id: The user's ID, as text.
        scope: What to unsubscribe from.
        ticket_id: The ticket's ID, for `Scope.TICKET`.
    """

    user_id: str
    scope: Scope
    ticket_id: int | None = None


def unsubscription_for(
    user_id: Any, *, ticket_id: int | None, is_new_ticket: bool
) -> Unsubscription:
    """Return what the link in an email unsubscribes from.

    Args:
        user_id: The recipient's ID.
        ticket_id: The ID of the email's ticket; None if it is about several.
        is_new_ticket: Whether it was sent because the ticket was created. Muting that ticket
            would not stop the next such email.
    """
    if ticket_id is None:
        return Unsubscription(user_id=str(user_id), scope=Scope.ALL_EMAIL)
    if is_new_ticket:
        return Unsubscription(user_id=str(user_id), scope=Scope.NEW_TICKETS)
    return Unsubscription(user_id=str(user_id), scope=Scope.TICKET, ticket_id=ticket_id)


def token_for(unsubscription: Unsubscription) -> str:
    """Return a signed text that can be a part of a path."""
    values = [unsubscription.user_id, unsubscription.scope.value, unsubscription.ticket_id]
    return signing.dumps(values, salt=_SALT)


def read(token: str) -> Unsubscription | None:
    """Return a token's content; None if it is not genuine or has expired."""
    try:
        user_id, scope, ticket_id = signing.loads(token, salt=_SALT, max_age=MAX_AGE)
        return Unsubscription(user_id=user_id, scope=Scope(scope), ticket_id=ticket_id)
    except (signing.BadSignature, ValueError):
        return None
