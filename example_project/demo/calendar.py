"""Working hours: the times at which something can happen on a ticket."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SATURDAY = 5
OPENS, CLOSES = time(7, 40), time(17, 30)
DAY = timedelta(hours=9, minutes=50)
"""The length of a working day."""
GROWTH = 0.75
"""An exponent below 1 increases the number of tickets per week over time."""


def working_days(now: datetime, weeks: int) -> list[datetime]:
    """Return the opening times of the last working days; today's if it is an hour ago."""
    days = (now.date() - timedelta(days=back) for back in range(7 * weeks, -1, -1))
    openings = (datetime.combine(day, OPENS, UTC) for day in days)
    return [
        opening
        for opening in openings
        if opening.weekday() < SATURDAY and opening + timedelta(hours=1) <= now
    ]


def random_times(rng: Random, now: datetime, *, weeks: int, number: int) -> list[datetime]:
    """Return random times in the working hours of the last weeks, in order."""
    days = working_days(now, weeks)
    chosen = []
    for place in range(number):
        opening = days[int(len(days) * (place / number) ** GROWTH)]
        length = min(DAY, now - opening)
        chosen.append(opening + length * rng.random())
    return sorted(chosen)


def add_hours(start: datetime, hours: float) -> datetime:
    """Return the time `hours` after `start`, or the next morning if that is not a working hour."""
    later = start + timedelta(hours=hours)
    if later.time() > CLOSES:
        # Keep the minute, so that not everything happens at the opening time.
        later = datetime.combine(later.date() + timedelta(days=1), OPENS, UTC)
        later += timedelta(minutes=start.minute)
    elif later.time() < OPENS:
        later = datetime.combine(later.date(), OPENS, UTC) + timedelta(minutes=start.minute)
    while later.weekday() >= SATURDAY:
        later += timedelta(days=1)
    return later
