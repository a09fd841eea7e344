"""What the home page tells; in a real intranet it would come from the database."""

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
        "The car park is resurfaced next week",
        (
            "From Monday to Wednesday only the spaces behind the warehouse can be used. "
            "Bicycles can stand in the loading bay meanwhile."
        ),
    ),
    (
        6,
        "Expense reports move to the new form",
        (
            "The spreadsheet is retired at the end of the month. Reports that were begun in it "
            "can be finished there; new ones start in the portal."
        ),
    ),
    (
        13,
        "First-aid course: six places left",
        "Two half days in Birch, held by the ambulance service. Reception keeps the list.",
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
    """Return the canteen's week; at weekends already the next one."""
    monday = today - timedelta(days=today.weekday())
    if today.weekday() >= SATURDAY:
        monday += timedelta(weeks=1)
    days = (monday + timedelta(days=number) for number in range(len(_DISHES)))
    return [
        Lunch(day, dish, vegetarian, is_today=day == today)
        for day, (dish, vegetarian) in zip(days, _DISHES, strict=True)
    ]
