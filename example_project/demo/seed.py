"""Writes people and tickets into the database, through the help desk's own services."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from unittest import mock

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.test import override_settings
from django.utils import timezone

from demo import people, story
from help_desk.choices import NotificationStatusChoices
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.models import User

MAILS = 3
"""E-mails that still wait when everything is written, so that the folder has a few."""
UNREAD = {people.MANAGER: 6, people.DEVELOPER: 11}
"""How many of the newest tickets somebody has not looked at yet."""
EVENING = time(17, 45)


def seed() -> int:
    """Make everybody's account and half a year of tickets, or nothing.

    Returns:
        How many tickets were filed.
    """
    # No mail leaves while the past is written.
    quiet = {**settings.HELP_DESK, "DELIVERY": "command"}
    with override_settings(HELP_DESK=quiet), transaction.atomic():
        accounts = people.make_people()
        tickets = _write(story.tell(timezone.now()), accounts)
        _read_inboxes(tickets, accounts)
        _send_mail_of_the_past(tickets)
    return len(tickets)


@contextmanager
def _clock_at(moment: datetime) -> Iterator[None]:
    with mock.patch("django.utils.timezone.now", return_value=moment):
        yield


def _write(steps: list[story.Step], accounts: dict[str, User]) -> list[HelpDeskTicket]:
    tickets: dict[int, HelpDeskTicket] = {}
    for step in steps:
        person = accounts[step.by]
        with _clock_at(step.moment):
            if step.act is story.Act.FILE:
                tickets[step.place] = HelpDeskTicket().services.create(
                    created_by=person, created_datetime=step.moment, **step.fields
                )
            elif step.act is story.Act.DELETE:
                tickets[step.place].services.delete(by=person)
            else:
                tickets[step.place].services.update(by=person, **step.fields)
    return [tickets[place] for place in sorted(tickets)]


def _read_inboxes(tickets: list[HelpDeskTicket], accounts: dict[str, User]) -> None:
    """Have people read in the evening what they were told that day, but for the newest."""
    worked_on = set(TicketEvent.objects.values_list("actor_id", "ticket_id"))
    for username, unread in UNREAD.items():
        person = accounts[username]
        newest = {ticket.pk for ticket in tickets[-unread:]}
        by_evening = defaultdict(list)
        for ticket in tickets:
            if ticket.pk not in newest or (person.pk, ticket.pk) in worked_on:
                evening = datetime.combine(ticket.created_datetime, EVENING, UTC)
                by_evening[min(evening, timezone.now())].append(ticket.pk)
        inbox = Notification.objects.inbox_of(person)
        for evening, ids in by_evening.items():
            with _clock_at(evening):
                inbox.filter(event__ticket__in=ids).mark_as_read()


def _send_mail_of_the_past(tickets: list[HelpDeskTicket]) -> None:
    """Note that old mail was sent when it was written, instead of sending it now.

    `write` is the package's own; no other host has mail to send half a year ago.
    """
    Notification.objects.filter(
        status=NotificationStatusChoices.WAITING, event__ticket__in=tickets[:-MAILS]
    ).write(
        status=NotificationStatusChoices.SENT,
        due_datetime=None,
        sent_datetime=F("created_datetime"),
        attempts=1,
    )
