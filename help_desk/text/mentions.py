"""`@username` in a text."""

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

# Not within a word, or every email address would mention someone. The characters are those of
# Django's UnicodeUsernameValidator.
MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]+)")
PUNCTUATION = ".+-"
MAX_MENTIONS = 50
"""Names of one text that are looked up."""
MAX_NAME_LENGTH = 254
"""Characters; a longer name is no username."""

# An at sign, ASCII or full-width, that does not continue a word.
_SIGN = re.compile(r"(?<![\w.@\uff20+-])[@\uff20]")
_IN_NAME = re.compile(r"[\w.@\uff20+-]")
# Neither white space nor ASCII punctuation that no name contains.
_PART = re.compile(r"[^\s!-*,/:-?\[-^`{-~]")
# What is normalized at once; one character more than a name shows that it is too long.
_WINDOW = re.compile(f"{_SIGN.pattern}{_PART.pattern}{{1,{MAX_NAME_LENGTH + 1}}}")


def mentioned_names(text: str) -> list[str]:
    """Return the names that a text mentions outside of code and URLs, each once."""
    if "@" not in text and "\uff20" not in text:
        return []
    found = (name.rstrip(PUNCTUATION) for name in _candidates(without_code(text)))
    return list({name.lower(): name for name in found if name}.values())


def replace_mentions(text: str, name: str, replacement: str) -> str:
    """Mention another name instead, also within code; case does not matter."""
    # Not as the beginning of a longer name; punctuation after a name is not part of it.
    mention = re.compile(f"{_SIGN.pattern}{re.escape(name)}(?![.+-]*[\\w@\uff20])", re.IGNORECASE)
    return mention.sub(lambda _match: f"@{replacement}", text)


def _candidates(text: str) -> Iterator[str]:
    """Yield what follows each at sign, window by window.

    Normalizing takes quadratic time on a run of combining marks, so the whole text is never
    normalized at once. Windows do not overlap.
    """
    place = 0
    while window := _WINDOW.search(text, place):
        start, place = window.span()
        is_cut = _PART.match(text, place) is not None
        if is_cut and (last := _last_sign(text, start + 1, place)):
            # The mention that would be cut belongs to the next window.
            place, is_cut = last, False
        # Django stores usernames in this form; keyboards send accents in others.
        part = unicodedata.normalize("NFKC", text[start:place])
        first = 1 if _follows_marked_word(text, start) else 0
        for found in MENTION.finditer(part, first):
            is_whole = not is_cut or found.end() < len(part)
            if is_whole and len(found[1]) <= MAX_NAME_LENGTH:
                yield found[1]


def _last_sign(text: str, start: int, end: int) -> int | None:
    """Return the position of the last at sign in a range that does not continue a word."""
    signs = (sign.start() for sign in _SIGN.finditer(text, start, end))
    return max((sign for sign in signs if not _follows_marked_word(text, sign)), default=None)


def _follows_marked_word(text: str, place: int) -> bool:
    """Whether combining marks that belong to a word end at this position."""
    end = place
    while place and unicodedata.category(text[place - 1]).startswith("M"):
        place -= 1
    return 0 < place < end and _IN_NAME.match(text, place - 1) is not None


def users_by_name(names: Iterable[str], using: str) -> dict[str, User]:
    """Return the active users with these usernames, in any case; an exact match is preferred."""
    by_lower = {name.lower(): name for name in names}
    if not by_lower:
        return {}
    user_model: Any = get_user_model()
    name_field = user_model.USERNAME_FIELD
    users = (
        user_model._default_manager.using(using)
        .annotate(help_desk_name=Lower(name_field))
        # SQLite, and PostgreSQL with some locales, lower only ASCII.
        .filter(
            Q(help_desk_name__in=by_lower) | Q(**{f"{name_field}__in": list(by_lower.values())})
        )
        .order_by("-pk")
    )
    found: dict[str, User] = {}
    for user in users:
        # Databases may treat letters with and without accents as equal.
        name = by_lower.get(user.get_username().lower())
        if name is None or not user.is_active:
            continue
        if name not in found or found[name].get_username() != name:
            found[name] = user
    return found
