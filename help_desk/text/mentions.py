"""`@name` in a text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Lower

from help_desk.text.plain_text import without_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.contrib.auth.models import User

# Not in the middle of a word, or every e-mail address would mention somebody. The
# characters are those of Django's UnicodeUsernameValidator.
MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]+)")
PUNCTUATION = ".+-"
MAX_MENTIONS = 50
"""Names of one text that are looked up."""
MAX_NAME_LENGTH = 254
"""Characters; what is longer is no user name."""

# A sign, in ASCII or in full width, that does not continue a word.
_SIGN = re.compile(r"(?<![\w.@\uff20+-])[@\uff20]")
_IN_NAME = re.compile(r"[\w.@\uff20+-]")
# Neither white space nor such punctuation of ASCII as is in no name.
_PART = re.compile(r"[^\s!-*,/:-?\[-^`{-~]")
# What is normalized together; one character more than a name shows what is too long.
_WINDOW = re.compile(f"{_SIGN.pattern}{_PART.pattern}{{1,{MAX_NAME_LENGTH + 1}}}")


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
    found = (name.rstrip(PUNCTUATION) for name in _candidates(without_code(text)))
    return list({name.lower(): name for name in found if name}.values())


def _candidates(text: str) -> Iterator[str]:
    """Yield what follows each sign, window by window.

    Normalizing takes time that grows with the square of a run of combining marks, so the
    whole text is never normalized at once. No two windows overlap.
    """
    place = 0
    while window := _WINDOW.search(text, place):
        start, place = window.span()
        is_cut = _PART.match(text, place) is not None
        if is_cut and (last := _last_sign(text, start + 1, place)):
            # The mention that would be cut is the next window's.
            place, is_cut = last, False
        # Django keeps user names in this form; keyboards send accents in others.
        part = unicodedata.normalize("NFKC", text[start:place])
        first = 1 if _follows_marked_word(text, start) else 0
        for found in MENTION.finditer(part, first):
            is_whole = not is_cut or found.end() < len(part)
            if is_whole and len(found[1]) <= MAX_NAME_LENGTH:
                yield found[1]


def _last_sign(text: str, start: int, end: int) -> int | None:
    """Return the place of the last sign between two places that does not continue a word."""
    signs = (sign.start() for sign in _SIGN.finditer(text, start, end))
    return max((sign for sign in signs if not _follows_marked_word(text, sign)), default=None)


def _follows_marked_word(text: str, place: int) -> bool:
    """Return whether combining marks that belong to a word end at this place."""
    end = place
    while place and unicodedata.category(text[place - 1]).startswith("M"):
        place -= 1
    return 0 < place < end and _IN_NAME.match(text, place - 1) is not None


def is_among(names: Iterable[str], account: User) -> bool:
    """Say whether somebody is among those whom a text mentions.

    Args:
        names: What `mentioned_names` found.
        account: Whoever it may mention.

    Returns:
        Whether their name is one of them, whatever the case of the letters.
    """
    return account.get_username().lower() in {name.lower() for name in names}


def users_by_name(names: Iterable[str], using: str) -> dict[str, User]:
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
    found: dict[str, User] = {}
    for account in accounts:
        # Databases may hold letters with and without accents for equal.
        name = wanted.get(account.get_username().lower())
        if name is None or not account.is_active:
            continue
        if name not in found or found[name].get_username() != name:
            found[name] = account
    return found
