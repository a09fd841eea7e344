"""Compare delivery with bare `send_messages`, and time the claim of a batch.

Run it from a checkout:
`python benchmarks/delivery.py [--messages 10000] [--runs 3] [--delivered 1000000]`.
Messages are sent to an SMTP server on 127.0.0.1 that this starts and that discards them.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
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
            return "250 OK"

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Sink()), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())

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
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import override_settings
from django.utils import timezone

from benchmarks.settings import HELP_DESK
from help_desk.channels.email import message as email
from help_desk.choices import NotificationStatusChoices
from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

CHUNK = 250
FOLLOWERS = (10, 1_000)
GOAL_RATIO = 1.5
NOISE = 2.0
"""A claim takes about a millisecond, which may double from one run to the next."""
LEASE = "00000000-0000-0000-0000-000000000001"


@contextmanager
def mail_server() -> Iterator[None]:
    """Start the server and send Django's mail to it."""
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
    """A site with one ticket and a user who is notified of it by email."""

    def __init__(self) -> None:
        users = get_user_model().objects
        self.author = users.create_superuser("author", "author@benchmark.example")
        self.reader = users.create_superuser("reader", "reader@benchmark.example")
        self.ticket = HelpDeskTicket().services.create(
            self.author, purpose="app", priority="high", description="The printer jams."
        )
        self.event = TicketEvent.objects.get(ticket=self.ticket)
        _delete(Notification.objects.all())

    def add_waiting(self, number: int) -> list[Notification]:
        """Write waiting emails, each for an event of its own, so that each is one message."""
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
                kinds=["new"],
                status=NotificationStatusChoices.WAITING,
                due_datetime=now,
            )
            for event in events
        )

    def add_delivered(self, number: int) -> None:
        """Write rows that were sent, as an old help desk has them."""
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
        analyze()

    def reset(self) -> None:
        """Have exactly one chunk of waiting emails."""
        _delete(Notification.objects.all())
        _delete(TicketEvent.objects.exclude(pk=self.event.pk))
        self.add_waiting(CHUNK)


def _delete(rows: QuerySet[Any]) -> None:
    rows._raw_delete(rows.db)  # noqa: SLF001 -- append-only rows refuse delete()


def _bare(site: Site) -> None:
    """Send as many messages with the same text as a delivery does, and nothing else."""
    site.event.ticket = site.ticket
    row = Notification(
        pk=1, event=site.event, recipient=site.reader, address=site.reader.email, channel="email"
    )
    build = getattr(email, "build_message", None) or email.message_of
    model = build([row])
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


def _deliver() -> None:
    assert runner.deliver().sent == CHUNK


def _measure_delivery(site: Site, messages: int, runs: int) -> Goal:
    """Compare `runs` times; the goal is for the median of their ratios."""
    rounds = max(messages // CHUNK, 1)
    table, ratios = [], []
    for run in range(1, runs + 1):
        site.reset()
        ours, bare = interleave(_deliver, lambda: _bare(site), rounds=rounds, reset=site.reset)
        ratios.append(ours.wall.median / bare.wall.median)
        cpu_ratio = f"{ours.cpu.median / bare.cpu.median:.2f}"
        cpu = (ours.cpu, bare.cpu, cpu_ratio)
        table.append([run, ours.wall, bare.wall, f"{ratios[-1]:.2f}", *cpu])
    _delete(Notification.objects.all())
    print(
        f"{rounds * CHUNK:,} messages each way and run, {CHUNK} at a time, interleaved; "
        f"milliseconds for {CHUNK}: median (fastest).\n"
    )
    print_table(
        [
            "run",
            "delivery",
            "bare send_messages",
            "ratio",
            "delivery, CPU",
            "bare, CPU",
            "ratio of CPU time",
        ],
        table,
    )
    print(f"\nRatios from {min(ratios):.2f} to {max(ratios):.2f}.\n")
    return Goal("delivery against bare send_messages", statistics.median(ratios), GOAL_RATIO)


def _measure_claim(site: Site, delivered: int) -> Goal:
    """Time the claim of a batch among few delivered rows, then among many."""
    timings = []
    for number in (1_000, delivered - 1_000):
        site.add_delivered(number)

        def claim() -> None:
            due = Notification.objects.due(timezone.now()).order_by("due_datetime", "pk")
            ids = due.claim(lease=LEASE, until=timezone.now(), size=100)
            assert len(ids) == 100
            Notification.objects.filter(pk__in=ids).write(lease=None)

        waiting = site.add_waiting(100)
        timing, _ = interleave(claim, lambda: None, rounds=200)
        timings.append(timing.wall)
        _delete(Notification.objects.filter(pk__in=[row.pk for row in waiting]))
    few, many = timings
    print_table(
        ["delivered rows", "claim of 100: median (fastest), ms"],
        [["1,000", few], [f"{delivered:,}", many]],
    )
    print()
    return Goal(f"claim among {delivered:,} against 1,000", many.median / few.median, NOISE)


def _measure_reply(site: Site) -> Goal:
    """Count the queries of a reply on a ticket with few followers, then with many."""
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
        site.ticket.services.comment(site.author, "Warm.")
        counts.append(len(queries(lambda: site.ticket.services.comment(site.author, "More."))))
    print_table(["followers", "queries of a reply"], list(zip(FOLLOWERS, counts, strict=True)))
    print()
    return Goal(
        f"queries at {FOLLOWERS[1]:,} followers, as at {FOLLOWERS[0]}", counts[1], counts[0]
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000, help="messages each way")
    parser.add_argument("--runs", type=int, default=3, help="comparisons with bare messages")
    parser.add_argument(
        "--delivered", type=int, default=1_000_000, help="delivered rows for the claim; 0: skip it"
    )
    options = parser.parse_args()
    with database(), mail_server(), override_settings(HELP_DESK=HELP_DESK):
        print_environment()
        site = Site()
        goals = [_measure_delivery(site, options.messages, options.runs)]
        if options.delivered:
            goals += [_measure_reply(site), _measure_claim(site, options.delivered)]
    finish(goals)


if __name__ == "__main__":
    main()
