"""When people work."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SATURDAY = 5
OPENS, CLOSES = time(7, 40), time(17, 30)
DAY = timedelta(hours=9, minutes=50)
"""From opening to closing."""
GROWTH = 0.75
"""Below one: people learn that there is a help desk."""


def working_days(now: datetime, weeks: int) -> list[datetime]:
    """Collect the days on which people worked.

    Args:
        now: The end; today counts if it has opened an hour ago.
        weeks: How far to go back.

    Returns:
        The moments at which those days opened, in order.
    """
    days = (now.date() - timedelta(days=back) for back in range(7 * weeks, -1, -1))
    openings = (datetime.combine(day, OPENS, UTC) for day in days)
    return [
        opening
        for opening in openings
        if opening.weekday() < SATURDAY and opening + timedelta(hours=1) <= now
    ]


def moments(rng: Random, now: datetime, *, weeks: int, number: int) -> list[datetime]:
    """Spread moments over working hours: more and more a week, at random within a day.

    Args:
        rng: Decides.
        now: None is later than this.
        weeks: How far to go back.
        number: How many.

    Returns:
        The moments in order.
    """
    days = working_days(now, weeks)
    chosen = []
    for place in range(number):
        opening = days[int(len(days) * (place / number) ** GROWTH)]
        length = min(DAY, now - opening)
        chosen.append(opening + length * rng.random())
    return sorted(chosen)


def after(moment: datetime, hours: float) -> datetime:
    """Add time, and go on to the next working hour where nobody works then.

    Args:
        moment: The beginning.
        hours: How much later, by the clock on the wall.

    Returns:
        A moment in working hours.
    """
    later = moment + timedelta(hours=hours)
    if later.time() > CLOSES:
        # Spread over the next morning, or everything would happen as the doors open.
        later = datetime.combine(later.date() + timedelta(days=1), OPENS, UTC)
        later += timedelta(minutes=moment.minute)
    elif later.time() < OPENS:
        later = datetime.combine(later.date(), OPENS, UTC) + timedelta(minutes=moment.minute)
    while later.weekday() >= SATURDAY:
        later += timedelta(days=1)
    return later
