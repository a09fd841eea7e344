"""Writes people and tickets into the database, through the help desk's own services."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Min, OuterRef, Subquery
from django.test import override_settings
from django.utils import timezone

from demo import people, story
from help_desk.choices import NotificationStatusChoices
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent
from help_desk.querysets import IN_APP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accounts.models import User

MAILS = 8
"""E-mails that still wait when everything is written, so that the folder has a few."""
UNREAD = {people.MANAGER: 7, people.DEVELOPER: 11, people.AGENT: 5, people.REPORTER: 2}
"""How much of what they were told last somebody has not looked at yet."""


def seed(*, mails: int = MAILS) -> int:
    """Make everybody's account and half a year of tickets, or nothing.

    Args:
        mails: How many of the newest e-mails are left to be sent.

    Returns:
        How many tickets were filed.
    """
    # No mail leaves while the past is written.
    quiet = {**settings.HELP_DESK, "DELIVERY": "command"}
    with override_settings(HELP_DESK=quiet), transaction.atomic():
        accounts = people.make_people()
        number = _write(story.tell(timezone.now()), accounts)
        _date_comments()
        _read_inboxes(accounts)
        _send_mail_of_the_past(mails)
    return number


@contextmanager
def _clock_at(moment: datetime) -> Iterator[None]:
    with mock.patch("django.utils.timezone.now", return_value=moment):
        yield


def _write(steps: list[story.Step], accounts: dict[str, User]) -> int:
    tickets: dict[int, HelpDeskTicket] = {}
    for step in steps:
        with _clock_at(step.moment):
            if step.act is story.Act.FILE:
                tickets[step.place] = HelpDeskTicket().services.create(
                    accounts[step.actor], created_datetime=step.moment, **step.fields
                )
            else:
                _go_on(tickets[step.place], step, accounts)
    return len(tickets)


def _go_on(ticket: HelpDeskTicket, step: story.Step, accounts: dict[str, User]) -> None:
    by, act = accounts[step.actor], story.Act
    match step.act:
        case act.ASSIGN:
            ticket.services.assign(accounts[step.to], actor=by)
        case act.START:
            ticket.services.update(by, assigned_to=accounts[step.to], status="prog")
        case act.REPLY:
            ticket.services.comment(by, step.text, **step.fields)
        case act.NOTE:
            ticket.services.comment(by, step.text, internal=True)
        case act.DELETE:
            ticket.services.delete(by)
        case _:
            ticket.services.update(by, **step.fields)


def _date_comments() -> None:
    """Have comments, and what counts from them, bear the moment of their events.

    Their own is the clock's, whatever `timezone.now` is made to say.
    """
    written = TicketEvent.objects.filter(comment=OuterRef("pk")).order_by("pk")
    TicketComment.objects.update(created_datetime=Subquery(written.values("created_datetime")[:1]))
    responses = TicketEvent.objects.filter(
        ticket=OuterRef("pk"), type=TicketEventType.COMMENT, comment__is_internal=False
    ).exclude(actor=F("ticket__created_by"))
    first = responses.values("ticket").annotate(first=Min("created_datetime")).values("first")
    HelpDeskTicket.objects.update(first_response_datetime=Subquery(first))


def _read_inboxes(accounts: dict[str, User]) -> None:
    """Note that people have read what they were told, but for the newest.

    `write` is the package's own, here and below; no other host has a past to make up.
    """
    acted = {
        (actor, ticket): latest
        for actor, ticket, latest in TicketEvent.objects.values_list("actor", "ticket")
        .annotate(latest=Max("pk"))
        .order_by()
    }
    for username, person in accounts.items():
        inbox = Notification.objects.inbox_of(person).order_by("-pk")
        unread = [
            row
            for row, event, ticket in inbox.values_list("pk", "event", "event__ticket")
            # Whoever did something on a ticket has seen what was there.
            if event > acted.get((person.pk, ticket), 0)
        ][: UNREAD.get(username, 1)]
        told = Notification.objects.filter(recipient=person, channel=IN_APP)
        told.exclude(pk__in=unread).write(read_datetime=F("created_datetime"))


def _send_mail_of_the_past(left: int) -> None:
    """Note that old mail was sent when it was written, instead of sending it now."""
    waiting = Notification.objects.filter(status=NotificationStatusChoices.WAITING)
    newest = waiting.order_by("-pk").values_list("pk", flat=True)[:left]
    waiting.exclude(pk__in=set(newest)).write(
        status=NotificationStatusChoices.SENT,
        due_datetime=None,
        sent_datetime=F("created_datetime"),
        attempts=1,
    )
