"""Measure `ticket.services.create()` against a bare insert of its notifications.

Run it from a checkout: `python benchmarks/create.py [--rounds 200]`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from measure import (
    Goal,
    compare,
    database,
    delete_rows,
    print_environment,
    print_table,
    queries,
    report_goals,
)

# isort: split
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from benchmarks.settings import ADMINS, HELP_DESK
from help_desk.choices import NotificationStatusChoices
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from measure import Timing

SIZES = (1, 100, 1_000)
GOAL_RATIO = 1.5
OTHER_USERS = 1_000
FIELDS = {"purpose": "app", "priority": "high", "description": "The printer on floor 3 jams."}


class Site:
    """A site with managers, and two ways to write the notifications of one ticket."""

    def __init__(self) -> None:
        users = get_user_model().objects
        self.author = users.create(username="author")
        users.bulk_create(_user(f"other{number}") for number in range(OTHER_USERS))
        self.group = Group.objects.create(name="Managers")
        self.group.permissions.add(
            Permission.objects.get(
                codename="delete_helpdeskticket", content_type__app_label="django_spire_help_desk"
            )
        )
        self.managers: list[int] = []
        ticket = HelpDeskTicket.objects.create(created_by=self.author, **FIELDS)
        self.event = TicketEvent.objects.get(ticket=ticket)

    def set_manager_count(self, size: int) -> None:
        """Add managers, through one group, until there are this many."""
        users = get_user_model().objects.bulk_create(
            _user(f"manager{number}") for number in range(len(self.managers), size)
        )
        self.group.user_set.add(*users)
        self.managers += [user.pk for user in users]
        if connection.vendor == "postgresql":
            # Autovacuum would do it within a minute.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")

    def create(self) -> HelpDeskTicket:
        """Create a ticket through the service, which notifies the managers."""
        return HelpDeskTicket().services.create(created_by=self.author, **FIELDS)

    def insert(self) -> list[Notification]:
        """Insert the same notifications and nothing else, for known recipients."""
        with transaction.atomic():
            return Notification.objects.bulk_create(list(self._rows()))

    def _rows(self) -> Iterator[Notification]:
        now = timezone.now()
        for manager in self.managers:
            yield Notification(
                event=self.event,
                recipient_id=manager,
                channel="in_app",
                status=NotificationStatusChoices.SENT,
                created_datetime=now,
                sent_datetime=now,
            )
        yield Notification(
            event=self.event,
            address=ADMINS[0],
            channel="email",
            status=NotificationStatusChoices.WAITING,
            created_datetime=now,
            due_datetime=now,
        )

    def clean_up(self) -> None:
        """Delete what a round wrote, so that the size of the tables does not change."""
        delete_rows(Notification.objects.all())
        delete_rows(TicketEvent.objects.exclude(pk=self.event.pk))
        delete_rows(HelpDeskTicket.objects.exclude(pk=self.event.ticket_id))

    def written(self) -> list[tuple[Any, ...]]:
        """Return the values of the notifications, except keys and times."""
        columns = ("recipient", "address", "channel", "status", "attempts", "error", "lease")
        return sorted(Notification.objects.values_list(*columns), key=repr)


def _user(name: str) -> Any:
    return get_user_model()(username=name, email=f"{name}@benchmark.example")


@dataclass(frozen=True, kw_only=True)
class Result:
    """The results for one number of recipients."""

    size: int
    create: Timing
    insert: Timing
    statements: list[str]
    bare_statements: list[str]

    @property
    def ratio(self) -> float:
        return self.create.median / self.insert.median

    @property
    def fixed(self) -> int:
        """The number of queries without the inserts of notifications, which databases split."""
        return len(self.statements) - _inserts(self.statements)

    def cells(self, *, ratio: object = None, fixed: object = None) -> list[object]:
        """Return a row of the table; `ratio` and `fixed` replace these numbers."""
        return [
            f"{self.size:,}",
            f"{len(self.statements)} ({_inserts(self.statements)})",
            fixed or self.fixed,
            f"{len(self.bare_statements)} ({_inserts(self.bare_statements)})",
            self.create,
            self.insert,
            ratio or f"{self.ratio:.2f}",
            f"{self.create.fastest / self.insert.fastest:.2f}",
        ]


def _inserts(statements: list[str]) -> int:
    table = connection.ops.quote_name(Notification._meta.db_table)
    return sum(sql.startswith(f"INSERT INTO {table}") for sql in statements)


def _measure(site: Site, size: int, rounds: int) -> Result:
    site.set_manager_count(size)
    written = []
    for write in (site.create, site.insert):
        write()
        written.append(site.written())
        site.clean_up()
    assert written[0] == written[1], "both must write the same rows"
    assert len(written[0]) == size + len(ADMINS)
    statements, bare_statements = queries(site.create), queries(site.insert)
    site.clean_up()
    create, insert = compare(site.create, site.insert, rounds=rounds, clean_up=site.clean_up)
    return Result(
        size=size,
        create=create,
        insert=insert,
        statements=statements,
        bare_statements=bare_statements,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="rounds at each size")
    rounds = parser.parse_args().rounds
    with database():
        print_environment()
        site = Site()
        results = [_measure(site, size, rounds) for size in SIZES]
        with override_settings(HELP_DESK={**HELP_DESK, "DELIVERY": "after_commit"}):
            sending, insert = compare(
                site.create, site.insert, rounds=max(rounds // 4, 1), clean_up=site.clean_up
            )
    *fewer, largest = results
    smaller = fewer[-1]
    ratio = Goal(f"ratio for {largest.size:,} recipients", largest.ratio, GOAL_RATIO)
    fixed = Goal(
        f"queries without inserts for {largest.size:,} recipients, compared with {smaller.size}",
        largest.fixed,
        smaller.fixed,
    )
    print(
        f"The recipients are managers through one group, notified in the app, among "
        f"{OTHER_USERS:,} other users.\nADMINS is {ADMINS}, an address without a user, so both "
        "sides also write an email row. Each side is\none transaction. "
        f"{rounds} alternating rounds; milliseconds: median (fastest). Queries as "
        "assertNumQueries\ncounts them, including BEGIN, COMMIT and savepoints; inserts of "
        "notifications in parentheses.\n"
    )
    print_table(
        (
            "recipients",
            "queries",
            "without inserts",
            "of bare insert",
            "create",
            "bare insert",
            "ratio",
            "of fastest",
        ),
        [
            *(result.cells() for result in fewer),
            largest.cells(ratio=ratio.cell(), fixed=fixed.cell()),
        ],
    )
    print(
        f"\nFor {largest.size:,} recipients, with the email sent after the commit to the dummy "
        f"backend: create {sending},\nbare insert {insert}, ratio "
        f"{sending.median / insert.median:.2f}.\n"
    )
    report_goals([ratio, fixed])


if __name__ == "__main__":
    main()
