"""`@name` in a text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Lower

from help_desk.plain_text import without_code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from help_desk.host_types import Account

# Not in the middle of a word, or every e-mail address would mention somebody. The
# characters are those of Django's UnicodeUsernameValidator.
MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]+)")
PUNCTUATION = ".+-"
MAX_MENTIONS = 50
"""Names of one text that are looked up."""


def mentioned_names(text: str) -> list[str]:
    """Find the names that a text mentions.

    Args:
        text: What somebody wrote.

    Returns:
        Each name once, as it stands there, without the punctuation of a sentence's end;
        names in code and in addresses of the web mention nobody.
    """
    if "@" not in text and "\uff20" not in text:
        return []
    # Django keeps user names in this form; keyboards send accents in others.
    text = unicodedata.normalize("NFKC", without_code(text))
    found = (name.rstrip(PUNCTUATION) for name in MENTION.findall(text))
    return list({name.lower(): name for name in found if name}.values())


def mentions(text: str, account: Account) -> bool:
    """Say whether a text mentions somebody.

    Args:
        text: What somebody wrote.
        account: Whoever it may mention.

    Returns:
        Whether their name is in it, whatever the case of the letters.
    """
    return account.get_username().lower() in {name.lower() for name in mentioned_names(text)}


def accounts_by_name(names: Iterable[str], using: str) -> dict[str, Account]:
    """Find the active accounts of these names.

    Args:
        names: What `mentioned_names` found.
        using: Alias of the database.

    Returns:
        Name to account, whatever the case of the letters, but rather the same; names
        without an account are left out.
    """
    wanted = {name.lower(): name for name in names}
    if not wanted:
        return {}
    user_model: Any = get_user_model()
    name_field = user_model.USERNAME_FIELD
    accounts = (
        user_model._default_manager.using(using)
        .annotate(help_desk_name=Lower(name_field))
        # SQLite, and PostgreSQL with some locales, know only the capitals of ASCII.
        .filter(Q(help_desk_name__in=wanted) | Q(**{f"{name_field}__in": list(wanted.values())}))
        .order_by("-pk")
    )
    found: dict[str, Account] = {}
    for account in accounts:
        # Databases may hold letters with and without accents for equal.
        name = wanted.get(account.get_username().lower())
        if name is None or not account.is_active:
            continue
        if name not in found or found[name].get_username() != name:
            found[name] = account
    return found
