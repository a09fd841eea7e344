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
from django.utils.translation import ngettext

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
    limit = help_desk_settings.MAX_TICKETS_PER_HOUR
    retry_datetime = _retry_datetime(creator, TicketEventType.NEW, limit, using)
    if limit is not None and retry_datetime is not None:
        message = ngettext(
            "You can create at most %(limit)d ticket per hour, so this ticket was not created.",
            "You can create at most %(limit)d tickets per hour, so this ticket was not created.",
            limit,
        )
        raise _error(message % {"limit": limit}, retry_datetime)


def validate_new_reply(author: User, using: str) -> None:
    """Raise RateLimitError if the user cannot add another reply now."""
    limit = help_desk_settings.MAX_REPLIES_PER_HOUR
    retry_datetime = _retry_datetime(author, TicketEventType.COMMENT, limit, using)
    if limit is not None and retry_datetime is not None:
        message = ngettext(
            "You can send at most %(limit)d reply per hour, so this reply was not sent.",
            "You can send at most %(limit)d replies per hour, so this reply was not sent.",
            limit,
        )
        raise _error(message % {"limit": limit}, retry_datetime)


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


def _retry_datetime(
    user: User, event_type: TicketEventType, limit: int | None, using: str
) -> datetime | None:
    """Return when a user who reached a limit can try again; None if they can go on."""
    if limit is None or policy.can(user, "change"):
        return None
    events = TicketEvent.objects.using(using).filter(actor_id=user.pk, type=event_type)
    dates = _latest_dates(events, limit)
    return _end_of_window(dates) if len(dates) >= limit else None


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


def _error(message: str, retry_datetime: datetime) -> RateLimitError:
    minutes = minutes_until(retry_datetime)
    try_again = ngettext(
        "Try again in %(minutes)d minute.", "Try again in %(minutes)d minutes.", minutes
    )
    text = f"{message} {try_again % {'minutes': minutes}}"
    return RateLimitError(text, retry_datetime=retry_datetime)
