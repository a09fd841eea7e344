"""Content of the home page; a real intranet would read it from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

SATURDAY = 5


@dataclass(frozen=True)
class News:
    day: date
    title: str
    text: str


@dataclass(frozen=True)
class Lunch:
    day: date
    dish: str
    vegetarian: str
    is_today: bool


@dataclass(frozen=True)
class Room:
    name: str
    place: str
    seats: int
    booked: str


ROOMS = (
    Room("Birch", "First floor", 12, "09:00 to 10:30, quarterly review"),
    Room("Cedar", "First floor", 6, "13:00 to 14:00, interviews"),
    Room("Hazel", "Second floor", 4, ""),
    Room("Linden", "Second floor", 20, "15:00 to 16:00, all hands"),
)

_NEWS = (
    (
        2,
        "Car park resurfacing next week",
        (
            "From Monday to Wednesday, only the spaces behind the warehouse are available. "
            "Bicycles can be left in the loading bay."
        ),
    ),
    (
        6,
        "Expense reports move to the new form",
        (
            "The spreadsheet is retired at the end of the month. You can finish reports that you "
            "started in it; create new ones in the portal."
        ),
    ),
    (
        13,
        "First-aid course: six places left",
        "Two half days in Birch, taught by the ambulance service. Sign up at reception.",
    ),
)
_DISHES = (
    ("Chicken in lemon sauce with rice", "Aubergine and chickpea stew"),
    ("Beef goulash with dumplings", "Mushroom goulash with dumplings"),
    ("Baked cod, potatoes and dill", "Spinach and feta pie"),
    ("Turkey curry with flat bread", "Lentil curry with flat bread"),
    ("Fish and chips", "Halloumi and chips"),
)


def news(today: date) -> list[News]:
    """Return the news of the last two weeks, the newest first."""
    return [News(today - timedelta(days=days), title, text) for days, title, text in _NEWS]


def lunch(today: date) -> list[Lunch]:
    """Return this week's menu, at weekends next week's."""
    monday = today - timedelta(days=today.weekday())
    if today.weekday() >= SATURDAY:
        monday += timedelta(weeks=1)
    days = (monday + timedelta(days=number) for number in range(len(_DISHES)))
    return [
        Lunch(day, dish, vegetarian, is_today=day == today)
        for day, (dish, vegetarian) in zip(days, _DISHES, strict=True)
    ]
