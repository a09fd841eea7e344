"""How long delivery takes against bare `send_messages`, and what a batch's claim costs.

Run it from a checkout: `python benchmarks/delivery.py [--messages 10000] [--delivered 1000000]`.
Messages go to an SMTP server that this starts on 127.0.0.1 and that throws them away.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import django

if __name__ == "__main__" and "--serve" in sys.argv:
    # The server's own process needs nothing of Django.
    from aiosmtpd.smtp import SMTP

    class Sink:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            return "250 taken"

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())

from measure import Verdict, database, finish, interleave, print_environment, print_table, queries

# isort: split
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from benchmarks.settings import HELP_DESK
from help_desk.channels.email.message import message_of
from help_desk.choices import NotificationStatusChoices
from help_desk.delivery import runner as delivery
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

CHUNK = 250
FOLLOWERS = (10, 1_000)
GOAL_RATIO = 1.5
NOISE = 2.0
"""A claim takes a millisecond or so; from one run to the next it may take twice that."""


@contextmanager
def mail_server() -> Iterator[None]:
    """Start the server and have Django's mail go to it."""
    command = [sys.executable, __file__, "--serve"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        port = int(server.stdout.readline())  # type: ignore[union-attr]
        with override_settings(**_mail_settings(port)):
            yield
    finally:
        server.terminate()
        server.wait()


def _mail_settings(port: int) -> dict[str, Any]:
    backend = "django.core.mail.backends.smtp.EmailBackend"
    options = {"host": "127.0.0.1", "port": port}
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}
    return {"EMAIL_BACKEND": backend, "EMAIL_HOST": options["host"], "EMAIL_PORT": port}


class Site:
    """A site with one ticket and somebody who gets e-mail of it."""

    def __init__(self) -> None:
        accounts = get_user_model().objects
        self.author = accounts.create_superuser("author", "author@benchmark.example")
        self.reader = accounts.create_superuser("reader", "reader@benchmark.example")
        self.ticket = HelpDeskTicket().services.create(
            self.author, purpose="app", priority="high", description="The printer jams."
        )
        self.event = TicketEvent.objects.get(ticket=self.ticket)
        _delete_notifications()

    def rows(self, number: int) -> list[Notification]:
        """Write e-mails that wait, each of an event of its own, so that each is a message."""
        now = timezone.now()
        events = TicketEvent.objects.bulk_create(
            TicketEvent(
                ticket=self.ticket, type="new", actor=self.author, changes=self.event.changes
            )
            for _ in range(number)
        )
        return Notification.objects.bulk_create(
            Notification(
                event=event,
                recipient=self.reader,
                address=self.reader.email,
                channel="email",
                status=NotificationStatusChoices.WAITING,
                due_datetime=now,
            )
            for event in events
        )

    def delivered(self, number: int) -> None:
        """Write rows of the past, as a help desk of some years has them."""
        now = timezone.now()
        for start in range(0, number, 10_000):
            size = min(10_000, number - start)
            events = TicketEvent.objects.bulk_create(
                TicketEvent(ticket=self.ticket, type="update", changes={}) for _ in range(size)
            )
            Notification.objects.bulk_create(
                Notification(
                    event=event,
                    address=self.reader.email,
                    channel="email",
                    status=NotificationStatusChoices.SENT,
                    sent_datetime=now,
                )
                for event in events
            )
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")


def _erase(rows: QuerySet[Any]) -> None:
    rows._raw_delete(rows.db)  # noqa: SLF001 -- delete() is what append-only rows refuse


def _delete_notifications() -> None:
    _erase(Notification.objects.all())


def _bare(site: Site) -> None:
    """Send as many messages of the same words as a delivery does, and nothing else."""
    model = message_of([_with_relations(site)])
    messages = []
    for _ in range(CHUNK):
        message = EmailMultiAlternatives(
            subject=model.subject, body=model.body, to=model.to, headers=dict(model.extra_headers)
        )
        message.attach_alternative(model.alternatives[0][0], "text/html")
        messages.append(message)
    mailers = getattr(mail, "mailers", None)
    sender = mail.get_connection() if mailers is None else mailers.default
    assert sender.send_messages(messages) == CHUNK


def _with_relations(site: Site) -> Notification:
    site.event.ticket = site.ticket
    return Notification(
        pk=1, event=site.event, recipient=site.reader, address=site.reader.email, channel="email"
    )


def _deliver() -> None:
    assert delivery.deliver().sent == CHUNK


def _measure_delivery(site: Site, messages: int) -> Verdict:
    def tidy() -> None:
        _delete_notifications()
        site.rows(CHUNK)

    tidy()
    rounds = max(messages // CHUNK, 1)
    ours, bare = interleave(_deliver, lambda: _bare(site), rounds=rounds, tidy=tidy)
    _delete_notifications()
    ratio = ours.median / bare.median
    print(
        f"{rounds * CHUNK:,} messages each way, {CHUNK} at a time by turns; milliseconds for "
        f"{CHUNK}: median (fastest).\n"
    )
    print_table(
        ["delivery", "bare send_messages", "ratio", "of fastest"],
        [[ours, bare, f"{ratio:.2f}", f"{ours.fastest / bare.fastest:.2f}"]],
    )
    print()
    return Verdict("delivery against bare send_messages", ratio, GOAL_RATIO)


def _measure_claim(site: Site, delivered: int) -> Verdict:
    """Time the claim of a batch among few delivered rows, then among many."""
    timings = []
    for number in (1_000, delivered - 1_000):
        site.delivered(number)

        def claim() -> None:
            due = Notification.objects.due(timezone.now()).order_by("due_datetime", "pk")
            ids = due.claim(lease=LEASE, until=timezone.now(), size=100)
            assert len(ids) == 100
            Notification.objects.filter(pk__in=ids).write(lease=None)

        waiting = site.rows(100)
        timing, _ = interleave(claim, lambda: None, rounds=200)
        timings.append(timing)
        _erase(Notification.objects.filter(pk__in=[row.pk for row in waiting]))
    few, many = timings
    print_table(
        ["delivered rows", "claim of 100: median (fastest), ms"],
        [["1,000", few], [f"{delivered:,}", many]],
    )
    print()
    return Verdict(f"claim among {delivered:,} against 1,000", many.median / few.median, NOISE)


def _measure_comment(site: Site) -> Verdict:
    """Count the queries of a reply that few people follow, and many."""
    permission = Permission.objects.get(
        codename="view_helpdeskticket", content_type__app_label="django_spire_help_desk"
    )
    accounts = get_user_model().objects
    counts = []
    for number in FOLLOWERS:
        people = accounts.bulk_create(
            get_user_model()(username=f"f{number}-{i}", email=f"f{number}-{i}@benchmark.example")
            for i in range(number - sum(FOLLOWERS[: FOLLOWERS.index(number)]))
        )
        permission.user_set.add(*people)
        for person in people:
            site.ticket.services.follow(person)
        site.ticket.services.comment(site.author, "Warm.")
        counts.append(len(queries(lambda: site.ticket.services.comment(site.author, "More."))))
    print_table(["followers", "queries of a reply"], list(zip(FOLLOWERS, counts, strict=True)))
    print()
    return Verdict(
        f"queries at {FOLLOWERS[1]:,} followers, as at {FOLLOWERS[0]}", counts[1], counts[0]
    )


LEASE = "00000000-0000-0000-0000-000000000001"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000, help="messages each way")
    parser.add_argument("--delivered", type=int, default=1_000_000, help="rows of the past")
    arguments = parser.parse_args()
    with database(), mail_server(), override_settings(HELP_DESK=HELP_DESK):
        print_environment()
        site = Site()
        transitions = [
            _measure_delivery(site, arguments.messages),
            _measure_comment(site),
            _measure_claim(site, arguments.delivered),
        ]
    finish(transitions)


if __name__ == "__main__":
    main()
