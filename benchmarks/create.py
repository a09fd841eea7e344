"""Compare `ticket.services.create()` with a bare insert of its notifications.

Run it from a checkout: `python benchmarks/create.py [--rounds 200]`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from benchmarks.settings import ADMINS, HELP_DESK
from help_desk.choices import NotificationStatusChoices
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from measure import Timing

SIZES = (1, 100, 1_000)
GOAL_RATIO = 1.5
OTHER_USERS = 1_000
FIELDS = {"purpose": "app", "priority": "high", "description": "The printer on floor 3 jams."}


class Site:
    """A site with some managers, and both ways to write the notifications of one ticket."""

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

    def add_managers(self, size: int) -> None:
        """Add users to the managers' group until it has this many members."""
        users = get_user_model().objects.bulk_create(
            _user(f"manager{number}") for number in range(len(self.managers), size)
        )
        self.group.user_set.add(*users)
        self.managers += [user.pk for user in users]
        analyze()

    def create(self) -> HelpDeskTicket:
        """Create a ticket, which notifies every manager."""
        return HelpDeskTicket().services.create(created_by=self.author, **FIELDS)

    def insert(self) -> list[Notification]:
        """Write the same notifications and nothing else, for recipients known beforehand."""
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

    def reset(self) -> None:
        """Delete what was written, so that the tables keep their size."""
        _delete(Notification.objects.all())
        _delete(TicketEvent.objects.exclude(pk=self.event.pk))
        _delete(HelpDeskTicket.objects.exclude(pk=self.event.ticket_id))

    def written(self) -> list[tuple[Any, ...]]:
        """Return the notifications without their IDs and dates."""
        columns = ("recipient", "address", "channel", "status", "attempts", "error", "lease")
        return sorted(Notification.objects.values_list(*columns), key=repr)


def _user(name: str) -> Any:
    return get_user_model()(username=name, email=f"{name}@benchmark.example")


def _delete(rows: QuerySet[Any]) -> None:
    rows._raw_delete(rows.db)  # noqa: SLF001 -- delete() is what append-only rows refuse


@dataclass(frozen=True, kw_only=True)
class Result:
    """The measurement at one number of recipients."""

    size: int
    create: Timing
    insert: Timing
    statements: list[str]
    bare_statements: list[str]

    @property
    def ratio(self) -> float:
        return self.create.wall.median / self.insert.wall.median

    @property
    def fixed(self) -> int:
        """Queries other than the inserts of notifications, which a database may split."""
        return len(self.statements) - _inserts(self.statements)

    def cells(self, *, ratio: object = None, fixed: object = None) -> list[object]:
        """Return one line of the table, with goals if given."""
        return [
            f"{self.size:,}",
            f"{len(self.statements)} ({_inserts(self.statements)})",
            fixed or self.fixed,
            f"{len(self.bare_statements)} ({_inserts(self.bare_statements)})",
            self.create.wall,
            self.insert.wall,
            ratio or f"{self.ratio:.2f}",
            f"{self.create.wall.fastest / self.insert.wall.fastest:.2f}",
        ]


def _inserts(statements: list[str]) -> int:
    table = connection.ops.quote_name(Notification._meta.db_table)
    return sum(sql.startswith(f"INSERT INTO {table}") for sql in statements)


def _measure(site: Site, size: int, rounds: int) -> Result:
    site.add_managers(size)
    written = []
    for write in (site.create, site.insert):
        write()
        written.append(site.written())
        site.reset()
    assert written[0] == written[1], "both must write the same rows"
    assert len(written[0]) == size + len(ADMINS)
    statements, bare_statements = queries(site.create), queries(site.insert)
    site.reset()
    create, insert = interleave(site.create, site.insert, rounds=rounds, reset=site.reset)
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
            sending, insert = interleave(
                site.create, site.insert, rounds=max(rounds // 4, 1), reset=site.reset
            )
    *fewer, thousand = results
    hundred = fewer[-1]
    ratio = Goal(f"ratio at {thousand.size:,}", thousand.ratio, GOAL_RATIO)
    fixed = Goal(
        f"queries beside inserts at {thousand.size:,}, as at {hundred.size}",
        thousand.fixed,
        hundred.fixed,
    )
    print(
        f"Recipients are managers through one group, notified in the app, among {OTHER_USERS:,} "
        f"other users.\nADMINS is {ADMINS}, without a user: one waiting email more on both sides."
        f"\nEach side is one transaction. {rounds} interleaved rounds; wall time in milliseconds: "
        "median (fastest).\nQueries as assertNumQueries counts them, with BEGIN, COMMIT and "
        "savepoints; in brackets the inserts\nof notifications among them.\n"
    )
    print_table(
        (
            "recipients",
            "queries",
            "beside inserts",
            "of bare insert",
            "create",
            "bare insert",
            "ratio",
            "of fastest",
        ),
        [
            *(result.cells() for result in fewer),
            thousand.cells(ratio=ratio.cell(), fixed=fixed.cell()),
        ],
    )
    print(
        f"\nWith the email sent after the commit (by a dummy backend) at {thousand.size:,}: "
        f"create {sending.wall},\nbare insert {insert.wall}, ratio "
        f"{sending.wall.median / insert.wall.median:.2f}.\n"
    )
    finish([ratio, fixed])


if __name__ == "__main__":
    main()
