"""How long `ticket.services.create()` takes against a bare insert of its notifications.

Run it from a checkout: `python benchmarks/create.py [--rounds 200]`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from measure import Verdict, database, finish, interleave, print_environment, print_table, queries

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
OTHER_ACCOUNTS = 1_000
FIELDS = {"purpose": "app", "priority": "high", "description": "The printer on floor 3 jams."}


class Site:
    """A site with some managers, and both ways to write what one ticket tells them."""

    def __init__(self) -> None:
        accounts = get_user_model().objects
        self.author = accounts.create(username="author")
        accounts.bulk_create(_account(f"other{number}") for number in range(OTHER_ACCOUNTS))
        self.group = Group.objects.create(name="Managers")
        self.group.permissions.add(
            Permission.objects.get(
                codename="delete_helpdeskticket", content_type__app_label="django_spire_help_desk"
            )
        )
        self.managers: list[int] = []
        ticket = HelpDeskTicket.objects.create(created_by=self.author, **FIELDS)
        self.event = TicketEvent.objects.get(ticket=ticket)

    def have_managers(self, size: int) -> None:
        """Make accounts managers, through one group, until there are this many."""
        accounts = get_user_model().objects.bulk_create(
            _account(f"manager{number}") for number in range(len(self.managers), size)
        )
        self.group.user_set.add(*accounts)
        self.managers += [account.pk for account in accounts]
        if connection.vendor == "postgresql":
            # What its autovacuum does within a minute of such a change.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")

    def create(self) -> HelpDeskTicket:
        """File a ticket, which tells everyone."""
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

    def tidy(self) -> None:
        """Forget what was written, so that tables stay as large as they were."""
        _delete(Notification.objects.all())
        _delete(TicketEvent.objects.exclude(pk=self.event.pk))
        _delete(HelpDeskTicket.objects.exclude(pk=self.event.ticket_id))

    def written(self) -> list[tuple[Any, ...]]:
        """What notifications say, apart from keys and moments."""
        columns = ("recipient", "address", "channel", "status", "attempts", "error", "lease")
        return sorted(Notification.objects.values_list(*columns), key=repr)


def _account(name: str) -> Any:
    return get_user_model()(username=name, email=f"{name}@benchmark.example")


def _delete(rows: QuerySet[Any]) -> None:
    rows._raw_delete(rows.db)  # noqa: SLF001 -- delete() is what append-only rows refuse


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was found at one number of recipients."""

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
        """Queries beside the inserts of notifications, which a database may limit in size."""
        return len(self.statements) - _inserts(self.statements)

    def cells(self, *, ratio: object = None, fixed: object = None) -> list[object]:
        """One line of the table; with a number's goal where it is given."""
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
    site.have_managers(size)
    written = []
    for way in (site.create, site.insert):
        way()
        written.append(site.written())
        site.tidy()
    assert written[0] == written[1], "both ways must write the same rows"
    assert len(written[0]) == size + len(ADMINS)
    statements, bare_statements = queries(site.create), queries(site.insert)
    site.tidy()
    create, insert = interleave(site.create, site.insert, rounds=rounds, tidy=site.tidy)
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
                site.create, site.insert, rounds=max(rounds // 4, 1), tidy=site.tidy
            )
    *fewer, thousand = results
    hundred = fewer[-1]
    ratio = Verdict(f"ratio at {thousand.size:,}", thousand.ratio, GOAL_RATIO)
    fixed = Verdict(
        f"queries beside inserts at {thousand.size:,}, as at {hundred.size}",
        thousand.fixed,
        hundred.fixed,
    )
    print(
        f"Recipients are managers through one group, told in the app, among {OTHER_ACCOUNTS:,} "
        f"other accounts.\nADMINS is {ADMINS}, without an account: one row more on both sides, "
        f"of an\ne-mail that waits. Each side is one transaction. {rounds} rounds by turns; "
        "milliseconds: median (fastest).\nQueries as assertNumQueries counts them, with BEGIN, "
        "COMMIT and savepoints; of them inserts of\nnotifications in brackets.\n"
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
        f"\nWith the e-mail sent after the commit (to nowhere) at {thousand.size:,}, by the way: "
        f"create {sending},\nbare insert {insert}, ratio {sending.median / insert.median:.2f}.\n"
    )
    finish([ratio, fixed])


if __name__ == "__main__":
    main()
