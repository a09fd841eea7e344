"""How long the list, a ticket and the form for a new one take against a floor.

`floor.py` says what the floor is. Run it from a checkout:
`python benchmarks/pages.py [--rounds 300]`.
"""

from __future__ import annotations

import argparse
import random
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from measure import Verdict, database, finish, interleave, print_environment, print_table, queries

# isort: split
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from benchmarks import floor
from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
    NotificationStatusChoices,
)
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

TICKETS = 1_000
PEOPLE = 50
UNREAD = 20
CHANGES = 9
GOAL_RATIO = 2.0
GOAL_QUERIES = 10
SAME_SIZE = 0.05
TICKET_LINK = re.compile(rb"page/(\d+)/detail/")
TEXT = (
    "the printer on floor three jams whenever somebody prints from both drawers and "
    "my screen stays dark after lunch until I pull the cable while the report for March "
    "shows last year's figures even though the export is right <b>& the intranet is slow"
)
WORDS = TEXT.split()


def _people() -> tuple[Any, list[Any]]:
    """Make a manager, who holds every permission through a group, and people who file."""
    user_model = get_user_model()
    group = Group.objects.create(name="Managers")
    group.permissions.set(
        Permission.objects.filter(
            content_type__app_label="django_spire_help_desk", content_type__model="helpdeskticket"
        )
    )
    manager = user_model.objects.create(username="manager", first_name="Mary", last_name="Jackson")
    manager.groups.add(group)
    people = user_model.objects.bulk_create(
        user_model(username=f"person{number}", first_name="Person", last_name=f"Number {number}")
        for number in range(PEOPLE)
    )
    return manager, people


def _tickets(people: list[Any], dice: random.Random) -> Iterator[HelpDeskTicket]:
    now = timezone.now()
    for number in range(TICKETS):
        yield HelpDeskTicket(
            created_by=dice.choice(people),
            purpose=dice.choice(HelpDeskTicketPurposeChoices.values),
            priority=dice.choice(HelpDeskTicketPriorityChoices.values),
            status=dice.choice(HelpDeskTicketStatusChoices.values),
            description=" ".join(dice.choices(WORDS, k=dice.randint(10, 80))),
            created_datetime=now - timedelta(hours=TICKETS - number),
        )


def _make_site() -> tuple[Any, HelpDeskTicket]:
    """Fill the site; give the manager and a ticket with a history, which they have read."""
    dice = random.Random(1)
    manager, people = _people()
    HelpDeskTicket.objects.bulk_create(_tickets(people, dice))
    tickets = list(HelpDeskTicket.objects.order_by("pk"))
    TicketEvent.objects.bulk_create(
        TicketEvent(
            ticket=ticket,
            type=TicketEventType.NEW,
            actor_id=ticket.created_by_id,
            created_datetime=ticket.created_datetime,
            changes=ticket.initial_values(),
        )
        for ticket in tickets
    )
    Notification.objects.bulk_create(
        Notification(
            event=event,
            recipient=manager,
            channel="in_app",
            status=NotificationStatusChoices.SENT,
            sent_datetime=event.created_datetime,
            read_datetime=None if number >= TICKETS - UNREAD else event.created_datetime,
        )
        for number, event in enumerate(TicketEvent.objects.order_by("pk"))
    )
    ticket = tickets[TICKETS // 2]
    for number in range(CHANGES):
        ticket.services.update(
            actor=manager, priority=HelpDeskTicketPriorityChoices.values[number % 3]
        )
    if connection.vendor == "postgresql":
        # What its autovacuum does within a minute.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return manager, ticket


def _get(client: Client, url: str) -> bytes:
    response = client.get(url)
    assert response.status_code == 200, f"{url} answers {response.status_code}"
    return response.content


def _level(client: Client, name: str, url: str, floor_url: str) -> tuple[int, int]:
    """Bring the floor to the size of the page; give the sizes of both."""
    page, least = _get(client, url), _get(client, floor_url)
    assert TICKET_LINK.findall(page) == TICKET_LINK.findall(least), f"{name}: other tickets"
    size = len(page)
    missing = size - len(least)
    floor.fillers[name] = mark_safe("." * max(missing, 0))  # noqa: S308 -- dots
    floor_size = len(_get(client, floor_url))
    assert abs(floor_size - size) <= SAME_SIZE * size, f"{name}: {size} and {floor_size} bytes"
    return size, floor_size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300, help="rounds for each page")
    rounds = parser.parse_args().rounds
    table, transitions = [], []
    with database():
        print_environment()
        manager, ticket = _make_site()
        client = Client()
        client.force_login(manager)
        key = {"pk": ticket.pk}
        pages = {
            "list": (reverse("django_spire:help_desk:page:list"), reverse("floor_list")),
            "detail": (
                reverse("django_spire:help_desk:page:detail", kwargs=key),
                reverse("floor_detail", kwargs=key),
            ),
            "create": (reverse("django_spire:help_desk:form:create"), reverse("floor_create")),
        }
        for name, (url, floor_url) in pages.items():
            size, floor_size = _level(client, name, url, floor_url)
            draw, draw_floor = partial(_get, client, url), partial(_get, client, floor_url)
            statements, floor_statements = queries(draw), queries(draw_floor)
            page, least = interleave(draw, draw_floor, rounds=rounds)
            ratio = Verdict(f"{name}, ratio", page.median / least.median, GOAL_RATIO)
            count = Verdict(f"{name}, queries", len(statements), GOAL_QUERIES)
            transitions += [ratio, count] if name == "list" else [count]
            table.append(
                [
                    name,
                    count.cell(),
                    len(floor_statements),
                    page,
                    least,
                    ratio.cell() if name == "list" else f"{ratio.number:.2f}",
                    f"{page.fastest / least.fastest:.2f}",
                    f"{size:,} / {floor_size:,}",
                ]
            )
    print(
        f"{TICKETS:,} tickets, 25 on the list, {CHANGES + 1} events on the ticket, {UNREAD} unread "
        "entries in the inbox; seen by a\nmanager with permissions through a group. The floor: "
        "same middleware and login, one statement,\none flat template. "
        f"{rounds} rounds by turns; milliseconds: median (fastest).\n"
    )
    print_table(
        (
            "page",
            "queries",
            "of floor",
            "page",
            "floor",
            "ratio",
            "of fastest",
            "bytes",
        ),
        table,
    )
    print()
    finish(transitions)


if __name__ == "__main__":
    main()
