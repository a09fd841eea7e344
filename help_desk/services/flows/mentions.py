"""The users that a text on a ticket mentions."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from help_desk.auth import policy
from help_desk.text.mentions import MAX_MENTIONS, users_by_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from help_desk.models import HelpDeskTicket


class Mentions(NamedTuple):
    """The mentioned users who can read a text, and the names that match no such user."""

    user_ids: Collection[Any] = frozenset()
    unreached: tuple[str, ...] = ()


def find_mentioned(
    names: Sequence[str], ticket: HelpDeskTicket, *, internal: bool = False, using: str
) -> Mentions:
    """Look up mentioned users who can read the ticket (and notes, if it is one)."""
    users = users_by_name(names[:MAX_MENTIONS], using)
    ids = {user.pk for user in users.values()}
    readers = policy.viewers(ticket, ids, using, internal=internal)
    unreached = (name for name in names if name not in users or users[name].pk not in readers)
    return Mentions(user_ids=readers, unreached=tuple(islice(unreached, MAX_MENTIONS)))
