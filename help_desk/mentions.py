"""`@name` in a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from collections.abc import Iterable

    from help_desk.host_types import Account

# Not in the middle of a word, or every e-mail address would mention somebody. The
# characters are those of Django's UnicodeUsernameValidator.
MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]+)")
PUNCTUATION = ".+-"
MAX_MENTIONS = 50
"""Names that are looked up in one text."""


def mentioned_names(text: str) -> list[str]:
    """Find the names that a text mentions.

    Args:
        text: What somebody wrote.

    Returns:
        Each name once, as it stands there, without the punctuation of a sentence's end.
    """
    found = (name.rstrip(PUNCTUATION) for name in MENTION.findall(text))
    names = {name.lower(): name for name in found if name}
    return list(names.values())[:MAX_MENTIONS]


def accounts_by_name(names: Iterable[str], using: str) -> dict[str, Account]:
    """Find the active accounts of these names.

    Args:
        names: What `mentioned_names` found.
        using: Alias of the database.

    Returns:
        Name to account, whatever the case of the letters; names without an account are
        left out.
    """
    wanted = {name.lower(): name for name in names}
    if not wanted:
        return {}
    user_model: Any = get_user_model()
    accounts = (
        user_model._default_manager.using(using)
        .annotate(help_desk_name=Lower(user_model.USERNAME_FIELD))
        .filter(help_desk_name__in=wanted)
        .order_by("-pk")
    )
    return {
        wanted[account.help_desk_name]: account
        for account in accounts
        if account.is_active and account.help_desk_name in wanted
    }
