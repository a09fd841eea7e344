"""The users that a text on a ticket mentions."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from help_desk.auth import policy
from help_desk.services.flows.limits import mentions_over_limit
from help_desk.text.mentions import MAX_MENTIONS, users_by_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.contrib.auth.models import User

    from help_desk.models import HelpDeskTicket
    from help_desk.services.flows.limits import MentionsOverLimit


class Mentions(NamedTuple):
    """The mentioned users who can read a text, and the names that match no such user.

    Users that the author's limit leaves out are in neither.
    """

    user_ids: Collection[Any] = ()
    unreached: tuple[str, ...] = ()
    over_limit: MentionsOverLimit | None = None


def find_mentioned(
    names: Sequence[str],
    ticket: HelpDeskTicket,
    *,
    internal: bool = False,
    limited_author: User | None = None,
    using: str,
) -> Mentions:
    """Look up mentioned users who can read the ticket (and notes, if it is one).

    With `limited_author`, the limit of that user applies.
    """
    users = users_by_name(names[:MAX_MENTIONS], using)
    readers = policy.viewers(ticket, {user.pk for user in users.values()}, using, internal=internal)
    # In the order of the text, so that a limit leaves out the last.
    reached = {
        name: users[name].pk for name in names if name in users and users[name].pk in readers
    }
    unreached = tuple(islice((name for name in names if name not in reached), MAX_MENTIONS))
    over_limit = None
    if limited_author is not None:
        over_limit = mentions_over_limit(reached, ticket, limited_author, using)
    left_out = over_limit.names if over_limit else ()
    return Mentions(
        user_ids=[user_id for name, user_id in reached.items() if name not in left_out],
        unreached=unreached,
        over_limit=over_limit,
    )
