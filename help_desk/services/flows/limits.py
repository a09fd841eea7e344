"""Limits of what users without the change permission create within an hour.

Requests that run at the same moment do not see each other's rows, so a limit can be exceeded by
as many as run at once. Replies to one ticket wait for each other and are counted exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import ngettext, ngettext_lazy

from help_desk.auth import policy
from help_desk.conf import help_desk_settings
from help_desk.enums import TicketEventType
from help_desk.exceptions import RateLimitError
from help_desk.models import TicketEvent, TicketFollower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

    from help_desk.models import HelpDeskTicket

WINDOW = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class MentionsOverLimit:
    """Mentions that subscribed no one, because their author reached the limit."""

    names: tuple[str, ...]
    limit: int
    retry_datetime: datetime


def validate_new_ticket(creator: User, using: str) -> None:
    """Raise RateLimitError if the user cannot create another ticket now."""
    message = ngettext_lazy(
        "You can create at most %(limit)d ticket per hour, so this ticket was not created.",
        "You can create at most %(limit)d tickets per hour, so this ticket was not created.",
        "limit",
    )
    limit = help_desk_settings.MAX_TICKETS_PER_HOUR
    _validate(creator, TicketEventType.NEW, limit, message, using)


def validate_new_reply(author: User, using: str) -> None:
    """Raise RateLimitError if the user cannot add another reply now."""
    message = ngettext_lazy(
        "You can send at most %(limit)d reply per hour, so this reply was not sent.",
        "You can send at most %(limit)d replies per hour, so this reply was not sent.",
        "limit",
    )
    limit = help_desk_settings.MAX_REPLIES_PER_HOUR
    _validate(author, TicketEventType.COMMENT, limit, message, using)


def _validate(
    user: User, event_type: TicketEventType, limit: int | None, message: _StrPromise, using: str
) -> None:
    if limit is None or policy.can(user, "change"):
        return
    events = TicketEvent.objects.using(using).filter(actor_id=user.pk, type=event_type)
    dates = _latest_dates(events, limit)
    if len(dates) < limit:
        return
    retry_datetime = _end_of_window(dates)
    minutes = minutes_until(retry_datetime)
    try_again = ngettext(
        "Try again in %(minutes)d minute.", "Try again in %(minutes)d minutes.", minutes
    )
    text = f"{message % {'limit': limit}} {try_again % {'minutes': minutes}}"
    raise RateLimitError(text, retry_datetime=retry_datetime)


def mentions_over_limit(
    user_ids: Mapping[str, Any], ticket: HelpDeskTicket, author: User, using: str
) -> MentionsOverLimit | None:
    """Return the mentions, given as name to user ID, that the author's limit leaves out.

    Only users who would follow the ticket by the mention count.
    """
    limit = help_desk_settings.MAX_MENTIONS_PER_HOUR
    if limit is None or not user_ids or policy.can(author, "change"):
        return None
    followers = TicketFollower.objects.using(using).filter(
        ticket_id=ticket.pk, user_id__in=user_ids.values()
    )
    concerned = {author.pk, ticket.created_by_id, ticket.assigned_to_id}
    concerned.update(followers.values_list("user_id", flat=True))
    new = [name for name, user_id in user_ids.items() if user_id not in concerned]
    added = TicketFollower.objects.using(using).filter(added_by_id=author.pk)
    dates = _latest_dates(added, limit) if new else []
    names = tuple(new[limit - len(dates) :])
    if not names:
        return None
    return MentionsOverLimit(names=names, limit=limit, retry_datetime=_end_of_window(dates))


def minutes_until(moment: datetime) -> int:
    """Return the number of minutes to wait, at least one."""
    return max(ceil((moment - timezone.now()) / timedelta(minutes=1)), 1)


def _latest_dates(rows: QuerySet[Any], limit: int) -> list[datetime]:
    """Return the dates of a user's rows of the last hour, at most as many as the limit.

    An index on the user and the date serves it, however many rows there are.
    """
    recent = rows.filter(created_datetime__gt=timezone.now() - WINDOW)
    dates = recent.order_by("-created_datetime").values_list("created_datetime", flat=True)
    return list(dates[:limit])


def _end_of_window(dates: Sequence[datetime]) -> datetime:
    """Return when the first of the latest dates no longer counts."""
    return (dates[-1] if dates else timezone.now()) + WINDOW
