"""Whom a text on a ticket reaches by `@name`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from help_desk.auth import policy
from help_desk.mentions import MAX_MENTIONS, accounts_by_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from help_desk.models import HelpDeskTicket


def find_mentioned(
    names: Sequence[str], ticket: HelpDeskTicket, using: str, *, internal: bool = False
) -> tuple[Collection[Any], tuple[str, ...]]:
    """Find who is mentioned and may read it.

    Args:
        names: What `mentioned_names` found in what somebody wrote.
        ticket: The ticket that they wrote it on.
        using: Alias of the database.
        internal: Whether only holders of the change permission may read it.

    Returns:
        Keys of the accounts that are told, and the names whose owners are not, because
        there is no such account or it may not read the text.
    """
    accounts = accounts_by_name(names[:MAX_MENTIONS], using)
    ids = {account.pk for account in accounts.values()}
    seeing = policy.viewers(ticket, ids, using, internal=internal)
    unreached = (name for name in names if name not in accounts or accounts[name].pk not in seeing)
    return seeing, tuple(islice(unreached, MAX_MENTIONS))
