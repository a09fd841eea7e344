"""Messages about mentioned users who were not notified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from help_desk.services.flows.limits import minutes_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.http import HttpRequest

    from help_desk.services.flows.comment import CommentResult
    from help_desk.services.flows.create import CreateResult
    from help_desk.services.flows.limits import MentionsOverLimit

# Messages are stored in a cookie or the session.
MAX_NAMES = 10
MAX_NAME_LENGTH = 50


def warn_about_mentions(request: HttpRequest, result: CreateResult | CommentResult) -> bool:
    """Add messages that name the mentioned users who were not notified; return whether any."""
    warnings = list(_warnings(result))
    for warning in warnings:
        messages.warning(request, warning, fail_silently=True)
    return bool(warnings)


def _warnings(result: CreateResult | CommentResult) -> Iterator[str]:
    if result.unreached_mentions:
        names = _join(result.unreached_mentions)
        yield _("Not notified (no such user, or no access): %(names)s") % {"names": names}
    if result.mentions_over_limit:
        yield " ".join(_over_limit(result.mentions_over_limit))


def _over_limit(mentions: MentionsOverLimit) -> Iterator[str]:
    limit, minutes = mentions.limit, minutes_until(mentions.retry_datetime)
    yield ngettext(
        "You can mention at most %(limit)d new person per hour.",
        "You can mention at most %(limit)d new people per hour.",
        limit,
    ) % {"limit": limit}
    yield _("Not notified of the mention: %(names)s.") % {"names": _join(mentions.names)}
    yield ngettext(
        "Mention them again in %(minutes)d minute.",
        "Mention them again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}


def _join(names: Sequence[str]) -> str:
    """List the names, at most ten and each shortened."""
    shown = ", ".join(f"@{_shorten(name)}" for name in names[:MAX_NAMES])
    if (rest := len(names) - MAX_NAMES) > 0:
        more = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", rest)
        shown = more % {"names": shown, "count": rest}
    return shown


def _shorten(name: str) -> str:
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…"
