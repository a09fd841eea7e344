"""Measure the list, a ticket's page and the create form against the views in `baseline.py`.

Run it from a checkout: `python benchmarks/pages.py [--rounds 300]`.
"""

from __future__ import annotations

import argparse
import random
import re
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from measure import Goal, compare, database, print_environment, print_table, queries, report_goals

# isort: split
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from benchmarks import baseline
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
REPORTERS = 50
UNREAD = 20
CHANGES = 9
GOAL_RATIO = 2.0
GOAL_QUERIES = 10
SAME_SIZE = 0.05
TICKET_LINK = re.compile(rb"page/(\d+)/detail/")
TEXT = (
    "the printer on floor three jams whenever I print from both drawers and "
    "my screen stays dark after lunch until I pull the cable while the report for March "
    "shows last year's figures even though the export is right <b>& the intranet is slow"
)
WORDS = TEXT.split()


def _create_users() -> tuple[Any, list[Any]]:
    """Create a manager, who has every permission through a group, and reporters."""
    user_model = get_user_model()
    group = Group.objects.create(name="Managers")
    group.permissions.set(
        Permission.objects.filter(
            content_type__app_label="django_spire_help_desk", content_type__model="helpdeskticket"
        )
    )
    manager = user_model.objects.create(username="manager", first_name="Mary", last_name="Jackson")
    manager.groups.add(group)
    reporters = user_model.objects.bulk_create(
        user_model(username=f"user{number}", first_name="User", last_name=f"Number {number}")
        for number in range(REPORTERS)
    )
    return manager, reporters


def _tickets(reporters: list[Any], rng: random.Random) -> Iterator[HelpDeskTicket]:
    now = timezone.now()
    for number in range(TICKETS):
        yield HelpDeskTicket(
            created_by=rng.choice(reporters),
            purpose=rng.choice(HelpDeskTicketPurposeChoices.values),
            priority=rng.choice(HelpDeskTicketPriorityChoices.values),
            status=rng.choice(HelpDeskTicketStatusChoices.values),
            description=" ".join(rng.choices(WORDS, k=rng.randint(10, 80))),
            created_datetime=now - timedelta(hours=TICKETS - number),
        )


def _create_data() -> tuple[Any, HelpDeskTicket]:
    """Create the data; return the manager, and a ticket with a history that they have read."""
    rng = random.Random(1)
    manager, reporters = _create_users()
    HelpDeskTicket.objects.bulk_create(_tickets(reporters, rng))
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
        # Autovacuum would do it within a minute.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return manager, ticket


def _get(client: Client, url: str) -> bytes:
    response = client.get(url)
    assert response.status_code == 200, f"{url} responded with {response.status_code}"
    return response.content


def _equalize_sizes(client: Client, name: str, url: str, baseline_url: str) -> tuple[int, int]:
    """Make the baseline's response as large as the page, and return the sizes of both."""
    page, response = _get(client, url), _get(client, baseline_url)
    assert TICKET_LINK.findall(page) == TICKET_LINK.findall(response), f"{name}: other tickets"
    size = len(page)
    missing = size - len(response)
    baseline.fillers[name] = mark_safe("." * max(missing, 0))  # noqa: S308 -- dots
    baseline_size = len(_get(client, baseline_url))
    assert abs(baseline_size - size) <= SAME_SIZE * size, (
        f"{name}: {size} and {baseline_size} bytes"
    )
    return size, baseline_size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300, help="rounds for each page")
    rounds = parser.parse_args().rounds
    table, goals = [], []
    with database():
        print_environment()
        manager, ticket = _create_data()
        client = Client()
        client.force_login(manager)
        key = {"pk": ticket.pk}
        pages = {
            "list": (reverse("django_spire:help_desk:page:list"), reverse("baseline_list")),
            "detail": (
                reverse("django_spire:help_desk:page:detail", kwargs=key),
                reverse("baseline_detail", kwargs=key),
            ),
            "create": (reverse("django_spire:help_desk:form:create"), reverse("baseline_create")),
        }
        for name, (url, baseline_url) in pages.items():
            size, baseline_size = _equalize_sizes(client, name, url, baseline_url)
            get_page, get_baseline = partial(_get, client, url), partial(_get, client, baseline_url)
            statements, baseline_statements = queries(get_page), queries(get_baseline)
            page, response = compare(get_page, get_baseline, rounds=rounds)
            ratio = Goal(f"{name}, ratio", page.median / response.median, GOAL_RATIO)
            count = Goal(f"{name}, queries", len(statements), GOAL_QUERIES)
            goals += [ratio, count] if name == "list" else [count]
            table.append(
                [
                    name,
                    count.cell(),
                    len(baseline_statements),
                    page,
                    response,
                    ratio.cell() if name == "list" else f"{ratio.number:.2f}",
                    f"{page.fastest / response.fastest:.2f}",
                    f"{size:,} / {baseline_size:,}",
                ]
            )
    print(
        f"{TICKETS:,} tickets, 25 on the list, {CHANGES + 1} events on the ticket, {UNREAD} unread "
        "entries in the inbox; requested by a\nmanager with permissions through a group. The "
        "baseline: same middleware and authentication, one statement,\none flat template. "
        f"{rounds} alternating rounds; milliseconds: median (fastest).\n"
    )
    print_table(
        (
            "page",
            "queries",
            "of baseline",
            "page",
            "baseline",
            "ratio",
            "of fastest",
            "bytes",
        ),
        table,
    )
    print()
    report_goals(goals)


if __name__ == "__main__":
    main()
