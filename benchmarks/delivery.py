"""Measure delivery against bare `send_messages`, and the claim of a batch.

Run it from a checkout: `python benchmarks/delivery.py [--messages 10000] [--delivered 1000000]`.
Messages are sent to an SMTP server that this script starts on 127.0.0.1, which discards them.
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
    # The process of the SMTP server, which does not need Django.
    from aiosmtpd.smtp import SMTP

    class Sink:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            return "250 OK"

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())

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


CHUNK = 250
FOLLOWERS = (10, 1_000)
GOAL_RATIO = 1.5
GOAL_CLAIM_RATIO = 2.0
"""A claim takes a few milliseconds, which vary by up to a factor of two between runs."""


@contextmanager
def mail_server() -> Iterator[None]:
    """Start the SMTP server, and let Django send mail to it."""
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
    """A site with one ticket and a recipient of emails about it."""

    def __init__(self) -> None:
        users = get_user_model().objects
        self.author = users.create_superuser("author", "author@benchmark.example")
        self.reader = users.create_superuser("reader", "reader@benchmark.example")
        self.ticket = HelpDeskTicket().services.create(
            self.author, purpose="app", priority="high", description="The printer jams."
        )
        self.event = TicketEvent.objects.get(ticket=self.ticket)
        _delete_notifications()

    def create_waiting(self, number: int) -> list[Notification]:
        """Create waiting emails, each for its own event, so that each becomes a message."""
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

    def create_delivered(self, number: int) -> None:
        """Create sent rows, like those of several years."""
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


def _delete_notifications() -> None:
    delete_rows(Notification.objects.all())


def _send_bare(site: Site) -> None:
    """Send as many messages with the same text as a delivery does, and nothing else."""
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


def _measure_delivery(site: Site, messages: int) -> Goal:
    def clean_up() -> None:
        _delete_notifications()
        site.create_waiting(CHUNK)

    clean_up()
    rounds = max(messages // CHUNK, 1)
    ours, bare = compare(_deliver, lambda: _send_bare(site), rounds=rounds, clean_up=clean_up)
    _delete_notifications()
    ratio = ours.median / bare.median
    print(
        f"{rounds * CHUNK:,} messages each, alternating after {CHUNK}; milliseconds for "
        f"{CHUNK}: median (fastest).\n"
    )
    print_table(
        ["delivery", "bare send_messages", "ratio", "of fastest"],
        [[ours, bare, f"{ratio:.2f}", f"{ours.fastest / bare.fastest:.2f}"]],
    )
    print()
    return Goal("delivery against bare send_messages", ratio, GOAL_RATIO)


def _measure_claim(site: Site, delivered: int) -> Goal:
    """Time the claim of a batch among few delivered rows, then among many."""
    timings = []
    for number in (1_000, delivered - 1_000):
        site.create_delivered(number)

        def claim() -> None:
            due = Notification.objects.due(timezone.now()).order_by("due_datetime", "pk")
            ids = due.claim(lease=LEASE, until=timezone.now(), size=100)
            assert len(ids) == 100
            Notification.objects.filter(pk__in=ids).write(lease=None)

        waiting = site.create_waiting(100)
        timing, _ = compare(claim, lambda: None, rounds=200)
        timings.append(timing)
        delete_rows(Notification.objects.filter(pk__in=[row.pk for row in waiting]))
    few, many = timings
    print_table(
        ["delivered rows", "claim of 100: median (fastest), ms"],
        [["1,000", few], [f"{delivered:,}", many]],
    )
    print()
    return Goal(
        f"claim among {delivered:,} against 1,000", many.median / few.median, GOAL_CLAIM_RATIO
    )


def _measure_comment(site: Site) -> Goal:
    """Count the queries of a reply to a ticket with few followers, and with many."""
    permission = Permission.objects.get(
        codename="view_helpdeskticket", content_type__app_label="django_spire_help_desk"
    )
    users = get_user_model().objects
    counts = []
    for number in FOLLOWERS:
        followers = users.bulk_create(
            get_user_model()(username=f"f{number}-{i}", email=f"f{number}-{i}@benchmark.example")
            for i in range(number - sum(FOLLOWERS[: FOLLOWERS.index(number)]))
        )
        permission.user_set.add(*followers)
        for follower in followers:
            site.ticket.services.follow(follower)
        site.ticket.services.comment(site.author, "Warm-up.")
        counts.append(len(queries(lambda: site.ticket.services.comment(site.author, "Reply."))))
    print_table(["followers", "queries of a reply"], list(zip(FOLLOWERS, counts, strict=True)))
    print()
    return Goal(
        f"queries for {FOLLOWERS[1]:,} followers, compared with {FOLLOWERS[0]}",
        counts[1],
        counts[0],
    )


LEASE = "00000000-0000-0000-0000-000000000001"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000, help="number of messages for each")
    parser.add_argument("--delivered", type=int, default=1_000_000, help="number of sent rows")
    arguments = parser.parse_args()
    with database(), mail_server(), override_settings(HELP_DESK=HELP_DESK):
        print_environment()
        site = Site()
        goals = [
            _measure_delivery(site, arguments.messages),
            _measure_comment(site),
            _measure_claim(site, arguments.delivered),
        ]
    report_goals(goals)


if __name__ == "__main__":
    main()
