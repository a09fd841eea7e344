"""Time the unread count, which every page shows, among few and among many notifications.

Run it from a checkout: `python benchmarks/unread.py [--notifications 1000000] [--rounds 50]`.
"""

from __future__ import annotations

import argparse
import statistics
from time import perf_counter
from typing import TYPE_CHECKING, Any

from measure import Goal, analyze, database, finish, print_environment, print_table

# isort: split
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from help_desk.auth import policy
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

TICKETS = 1_000
UNREAD = 20
NOISE = 3.0
"""A count takes about a millisecond, which may double from one run to the next."""


class Site:
    """A site with two users who are notified of everything: one sees all, one no notes."""

    def __init__(self) -> None:
        users = get_user_model().objects
        author = users.create(username="author")
        self.agent, self.viewer = users.create(username="agent"), users.create(username="viewer")
        permissions = Permission.objects.filter(content_type__app_label=policy.APP_LABEL)
        for user, actions in ((self.agent, ("view", "change")), (self.viewer, ("view",))):
            names = [f"{action}_helpdeskticket" for action in actions]
            user.user_permissions.set(permissions.filter(codename__in=names))
        HelpDeskTicket.objects.bulk_create(
            HelpDeskTicket(
                created_by=author, purpose="app", priority="low", description=f"Ticket {number}."
            )
            for number in range(TICKETS)
        )
        self.note = TicketComment.objects.create(
            ticket=HelpDeskTicket.objects.earliest("pk"), author=author, text="A", is_internal=True
        )
        self.events = 0

    def grow(self, number: int) -> None:
        """Write events, and a read notification of each to both users, until there are as many."""
        tickets = HelpDeskTicket.objects.order_by("pk")
        if not self.events:
            TicketEvent.objects.bulk_create(
                TicketEvent(ticket=ticket, type=TicketEventType.UPDATE) for ticket in tickets
            )
            self.events = TICKETS
        while self.events < number:
            # Doubling is the same statement on every database.
            self.events += _execute(
                """
                INSERT INTO django_spire_help_desk_ticket_event
                    (ticket_id, type, actor_id, created_datetime, comment_id, changes)
                SELECT ticket_id, type, actor_id, created_datetime, comment_id, changes
                FROM django_spire_help_desk_ticket_event LIMIT %s
                """,
                number - self.events,
            )
        for user in (self.agent, self.viewer):
            _execute(
                """
                INSERT INTO django_spire_help_desk_notification
                    (event_id, recipient_id, channel, kinds, status, created_datetime,
                     read_datetime, attempts, error, sent_datetime)
                SELECT e.id, %s, 'in_app', '[]', 'sent', e.created_datetime,
                    e.created_datetime, 0, '', e.created_datetime
                FROM django_spire_help_desk_ticket_event e
                WHERE e.id > (
                    SELECT COALESCE(MAX(n.event_id), 0)
                    FROM django_spire_help_desk_notification n WHERE n.recipient_id = %s
                )
                """,
                user.pk,
                user.pk,
            )
        analyze()

    def add_unread(self) -> list[int]:
        """Notify both users of new tickets, changes and internal notes, equally many."""
        kinds: list[dict[str, Any]] = [
            {"type": TicketEventType.NEW},
            {"type": TicketEventType.UPDATE},
            {"type": TicketEventType.COMMENT, "comment": self.note},
        ]
        events = TicketEvent.objects.bulk_create(
            TicketEvent(ticket=self.note.ticket, **kinds[number % len(kinds)])
            for number in range(UNREAD)
        )
        rows = Notification.objects.bulk_create(
            Notification(event=event, recipient=user, channel="in_app", status="sent")
            for event in events
            for user in (self.agent, self.viewer)
        )
        return [row.pk for row in rows]


def _execute(statement: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _joined(user: Any) -> int:
    """Count by one query that joins every unread notification with its ticket."""
    return policy.inbox(user).unread().count()


def _time(count: Callable[[Any], int], user: Any, rounds: int) -> tuple[int, float]:
    """Return the count and the median time in milliseconds."""
    count(user)
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        number = count(user)
        taken.append(perf_counter() - start)
    return number, statistics.median(taken) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notifications", type=int, default=1_000_000, help="read ones per user")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    table: list[list[object]] = []
    times: dict[tuple[str, int], float] = {}
    with database():
        print_environment()
        site = Site()

        def measure(notifications: int, unread: str, rounds: int, users: Any = None) -> None:
            for name, user in users or (("agent", site.agent), ("viewer", site.viewer)):
                joined, joined_ms = _time(_joined, user, min(rounds, 10))
                count, ms = _time(policy.unread_count, user, rounds)
                assert count == min(joined, policy.UNREAD_MAX)
                times.setdefault((name, notifications), ms)
                row = [name, f"{notifications:,}", unread, count, f"{ms:.2f}", f"{joined_ms:.2f}"]
                table.append(row)

        for notifications in (1_000, options.notifications):
            site.grow(notifications)
            ids = site.add_unread()
            # Without statistics of the new rows, as in the minutes before autovacuum.
            measure(notifications, str(UNREAD), options.rounds)
            Notification.objects.filter(pk__in=ids).write(read_datetime=timezone.now())
        Notification.objects.all().write(read_datetime=None)
        analyze()
        measure(options.notifications, "all", options.rounds)
        Notification.objects.exclude(pk__in=ids).write(read_datetime=timezone.now())
        measure(options.notifications, f"{UNREAD}, old statistics", options.rounds)
        Notification.objects.all().write(read_datetime=None)
        # Notifications of changes are hidden from users without the view permission.
        site.viewer.user_permissions.clear()
        user = type(site.viewer).objects.get(pk=site.viewer.pk)
        measure(options.notifications, "all", options.rounds, [("no permission", user)])
    print(
        f"The agent sees all notifications, the viewer none of internal notes. "
        f"{options.rounds} rounds; median milliseconds.\n"
    )
    header = ("user", "notifications", "unread", "count", "unread count, ms", "join of all, ms")
    print_table(header, table)
    print()
    finish(
        [
            Goal(
                f"{name}: among {options.notifications:,} against 1,000",
                times[name, options.notifications] / times[name, 1_000],
                NOISE,
            )
            for name in ("agent", "viewer")
        ]
    )


if __name__ == "__main__":
    main()
