"""Links by which a mail's reader stops such mails, without signing in.

The link holds a signed token (https://docs.djangoproject.com/en/stable/topics/signing/)
that says whose wish it is and what it is about, and nothing else; it expires.
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
    """What is no longer wanted."""

    TICKET = "ticket"
    """Anything about one ticket."""
    NEW_TICKETS = "new"
    """E-mail about new tickets."""
    ALL_EMAIL = "all"
    """Any e-mail of the help desk."""


@dataclass(frozen=True, kw_only=True)
class Unsubscription:
    """One person's wish to hear no more of something.

    Attributes:
        user_id: Key of the account, as text.
        scope: What is no longer wanted.
        ticket_id: The ticket's number, for the scope of one ticket.
    """

    user_id: str
    scope: Scope
    ticket_id: int | None = None


def token_for(unsubscription: Unsubscription) -> str:
    """Make the part of a link's path that says what its reader wishes.

    Args:
        unsubscription: The wish.

    Returns:
        A signed text that can stand in a path.
    """
    wish = [unsubscription.user_id, unsubscription.scope.value, unsubscription.ticket_id]
    return signing.dumps(wish, salt=_SALT)


def read(token: str) -> Unsubscription | None:
    """Read a link's token.

    Args:
        token: The part of the path.

    Returns:
        The wish; None if the token is not ours, was changed, or has expired.
    """
    try:
        user_id, scope, ticket_id = signing.loads(token, salt=_SALT, max_age=MAX_AGE)
        return Unsubscription(user_id=user_id, scope=Scope(scope), ticket_id=ticket_id)
    except (signing.BadSignature, ValueError):
        return None


def of(user_id: Any, *, ticket_id: int | None, is_new: bool) -> Unsubscription:
    """Say what one click in a mail should stop.

    Args:
        user_id: Key of the account that gets the mail.
        ticket_id: The ticket that the mail is about; None if it is about several.
        is_new: Whether the mail tells of a new ticket.

    Returns:
        The wish: no more of this ticket; or, where that would stop nothing that is like
        the mail, no more such mails.
    """
    if ticket_id is None:
        return Unsubscription(user_id=str(user_id), scope=Scope.ALL_EMAIL)
    if is_new:
        return Unsubscription(user_id=str(user_id), scope=Scope.NEW_TICKETS)
    return Unsubscription(user_id=str(user_id), scope=Scope.TICKET, ticket_id=ticket_id)
