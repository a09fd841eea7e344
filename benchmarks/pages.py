"""Compare the ticket list, a ticket's page and the form for a new ticket with minimal pages.

`floor.py` defines the minimal pages. Run it from a checkout:
`python benchmarks/pages.py [--rounds 300] [--shares]`.
"""

from __future__ import annotations

import argparse
import random
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from measure import (
    Goal,
    analyze,
    database,
    finish,
    interleave,
    print_environment,
    print_table,
    queries,
)

# isort: split
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.shares import print_shares
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

    from measure import Timing

TICKETS = 1_000
USERS = 50
AGENTS = 9
UNREAD = 20
CHANGES = 9
GOAL_RATIOS = {"list": 2.0, "form": 1.8, "detail": 2.2}
GOAL_QUERIES = 10
SIZE_TOLERANCE = 0.05
TICKET_LINK = re.compile(rb"page/(\d+)/detail/")
TEXT = (
    "the printer on floor three jams whenever someone prints from both drawers and "
    "my screen stays dark after lunch until I pull the cable while the report for March "
    "shows last year's figures even though the export is right <b>& the intranet is slow"
)
WORDS = TEXT.split()


class Page(NamedTuple):
    """A page of the package and the minimal page with the same content."""

    name: str
    url: str
    floor_url: str


def _create_users() -> tuple[Any, list[Any]]:
    """Create a manager with every permission through a group, and users; some are agents."""
    user_model = get_user_model()
    group = Group.objects.create(name="Managers")
    group.permissions.set(
        Permission.objects.filter(
            content_type__app_label="django_spire_help_desk", content_type__model="helpdeskticket"
        )
    )
    manager = user_model.objects.create(username="manager", first_name="Mary", last_name="Jackson")
    users = user_model.objects.bulk_create(
        user_model(username=f"user{number}", first_name="User", last_name=f"Number {number}")
        for number in range(USERS)
    )
    group.user_set.add(manager, *users[:AGENTS])
    return manager, users


def _tickets(users: list[Any], assignees: list[Any], dice: random.Random) -> Iterator[Any]:
    now = timezone.now()
    for number in range(TICKETS):
        yield HelpDeskTicket(
            created_by=dice.choice(users),
            assigned_to=dice.choice(assignees),
            purpose=dice.choice(HelpDeskTicketPurposeChoices.values),
            priority=dice.choice(HelpDeskTicketPriorityChoices.values),
            status=dice.choice(HelpDeskTicketStatusChoices.values),
            description=" ".join(dice.choices(WORDS, k=dice.randint(20, 80))),
            created_datetime=now - timedelta(hours=TICKETS - number),
        )


def create_site() -> tuple[Any, HelpDeskTicket]:
    """Fill the database; return the manager and a ticket with a history."""
    dice = random.Random(1)
    manager, users = _create_users()
    assignees = [None, manager, *users[:AGENTS]]
    HelpDeskTicket.objects.bulk_create(_tickets(users, assignees, dice))
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
    Notification.objects.about(ticket).mark_as_read()
    analyze()
    return manager, ticket


def _get(client: Client, url: str) -> bytes:
    response = client.get(url)
    assert response.status_code == 200, f"{url} has status {response.status_code}"
    return response.content


def _sizes(client: Client, page: Page) -> tuple[int, int]:
    """Return the bytes of both pages; they must show the same tickets in about the same size."""
    ours, floor = _get(client, page.url), _get(client, page.floor_url)
    assert TICKET_LINK.findall(ours) == TICKET_LINK.findall(floor), f"{page.name}: other tickets"
    sizes = len(ours), len(floor)
    assert abs(sizes[1] - sizes[0]) <= SIZE_TOLERANCE * sizes[0], f"{page.name}: {sizes} bytes"
    return sizes


def _row(name: str, counts: tuple[object, int], timings: tuple[Timing, Timing], goal: Goal) -> Any:
    ours, floor = timings
    return [
        name,
        *counts,
        ours.cpu,
        floor.cpu,
        goal.cell(),
        f"{ours.cpu.fastest / floor.cpu.fastest:.2f}",
        f"{ours.wall.median * 1000:.2f} / {floor.wall.median * 1000:.2f}",
        f"{ours.wall.median / floor.wall.median:.2f}",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300, help="rounds for each page")
    parser.add_argument("--shares", action="store_true", help="print what the time is spent on")
    options = parser.parse_args()
    table, goals, sizes = [], [], []
    with database():
        print_environment()
        manager, ticket = create_site()
        client = Client()
        client.force_login(manager)
        ticket_id = {"pk": ticket.pk}
        pages = [
            Page("list", reverse("django_spire:help_desk:page:list"), reverse("floor_list")),
            Page("form", reverse("django_spire:help_desk:form:create"), reverse("floor_create")),
            Page(
                "detail",
                reverse("django_spire:help_desk:page:detail", kwargs=ticket_id),
                reverse("floor_detail", kwargs=ticket_id),
            ),
        ]
        for page in pages:
            sizes.append("{}: {:,} / {:,}".format(page.name, *_sizes(client, page)))
            ours, floor = partial(_get, client, page.url), partial(_get, client, page.floor_url)
            count = Goal(f"{page.name}, queries", len(queries(ours)), GOAL_QUERIES)
            timings = interleave(ours, floor, rounds=options.rounds)
            ratio = timings[0].cpu.median / timings[1].cpu.median
            goal = Goal(f"{page.name}, CPU time", ratio, GOAL_RATIOS[page.name])
            goals += [goal, count]
            table.append(_row(page.name, (count.number, len(queries(floor))), timings, goal))
        print(
            f"{TICKETS:,} tickets, 25 on the list, {CHANGES + 1} events on the ticket, {UNREAD} "
            "unread notifications; requested by a\nmanager with permissions through a group. "
            f"{options.rounds} interleaved rounds; milliseconds: median (fastest).\n"
            f"Bytes of page / floor: {'; '.join(sizes)}.\n"
        )
        print_table(
            (
                "page",
                "queries",
                "of floor",
                "page, CPU",
                "floor, CPU",
                "ratio of CPU time",
                "of fastest",
                "wall time, page / floor",
                "ratio of wall time",
            ),
            table,
        )
        print()
        if options.shares:
            for page in pages:
                print_shares(page.name, partial(_get, client, page.url), rounds=options.rounds)
    finish(goals)


if __name__ == "__main__":
    main()
