"""Create users and tickets with the services of the help desk."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Min, OuterRef, Subquery
from django.test import override_settings
from django.utils import timezone

from demo import people, scenario
from help_desk.choices import NotificationStatusChoices
from help_desk.enums import TicketEventType
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent
from help_desk.querysets import IN_APP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accounts.models import User

MAILS = 8
"""The number of emails left to send, so that the mail folder has some."""
UNREAD = {people.MANAGER: 7, people.DEVELOPER: 11, people.AGENT: 5, people.REPORTER: 2}
"""The number of unread inbox entries by username; 1 for everyone else."""


def seed(*, mails: int = MAILS) -> int:
    """Create all users and half a year of tickets in one transaction.

    Args:
        mails: The number of recent emails that are left to send.

    Returns:
        The number of tickets.
    """
    # Nothing may be sent until the emails of the past are marked as sent.
    help_desk = {**settings.HELP_DESK, "DELIVERY": "command"}
    with override_settings(HELP_DESK=help_desk), transaction.atomic():
        users = people.create_users()
        count = _apply(scenario.steps_until(timezone.now()), users)
        _date_comments()
        _mark_inboxes_as_read(users)
        _mark_mails_as_sent(except_newest=mails)
    return count


@contextmanager
def _freeze_time(time: datetime) -> Iterator[None]:
    with mock.patch("django.utils.timezone.now", return_value=time):
        yield


def _apply(steps: list[scenario.Step], users: dict[str, User]) -> int:
    tickets: dict[int, HelpDeskTicket] = {}
    for step in steps:
        with _freeze_time(step.time):
            if step.act is scenario.Act.CREATE:
                tickets[step.number] = HelpDeskTicket().services.create(
                    users[step.actor], created_datetime=step.time, **step.fields
                )
            else:
                _apply_to(tickets[step.number], step, users)
    return len(tickets)


def _apply_to(ticket: HelpDeskTicket, step: scenario.Step, users: dict[str, User]) -> None:
    actor, act = users[step.actor], scenario.Act
    match step.act:
        case act.ASSIGN:
            ticket.services.assign(users[step.assignee], actor=actor)
        case act.START:
            ticket.services.update(actor, assigned_to=users[step.assignee], status="prog")
        case act.REPLY:
            ticket.services.comment(actor, step.text, **step.fields)
        case act.NOTE:
            ticket.services.comment(actor, step.text, internal=True)
        case act.DELETE:
            ticket.services.delete(actor)
        case _:
            ticket.services.update(actor, **step.fields)


def _date_comments() -> None:
    """Copy the time of each comment, and of first responses, from its event.

    The default of `created_datetime` refers to the original `timezone.now`, not to the patched one.
    """
    written = TicketEvent.objects.filter(comment=OuterRef("pk")).order_by("pk")
    TicketComment.objects.update(created_datetime=Subquery(written.values("created_datetime")[:1]))
    responses = TicketEvent.objects.filter(
        ticket=OuterRef("pk"), type=TicketEventType.COMMENT, comment__is_internal=False
    ).exclude(actor=F("ticket__created_by"))
    first = responses.values("ticket").annotate(first=Min("created_datetime")).values("first")
    HelpDeskTicket.objects.update(first_response_datetime=Subquery(first))


def _mark_inboxes_as_read(users: dict[str, User]) -> None:
    """Mark inbox entries as read, except the newest.

    `write` is private to the package; only invented history needs it, here and below.
    """
    acted = {
        (actor, ticket): latest
        for actor, ticket, latest in TicketEvent.objects.values_list("actor", "ticket")
        .annotate(latest=Max("pk"))
        .order_by()
    }
    for username, user in users.items():
        inbox = Notification.objects.inbox_of(user).order_by("-pk")
        unread = [
            row
            for row, event, ticket in inbox.values_list("pk", "event", "event__ticket")
            # Users who acted on a ticket have seen its earlier events.
            if event > acted.get((user.pk, ticket), 0)
        ][: UNREAD.get(username, 1)]
        entries = Notification.objects.filter(recipient=user, channel=IN_APP)
        entries.exclude(pk__in=unread).write(read_datetime=F("created_datetime"))


def _mark_mails_as_sent(*, except_newest: int) -> None:
    """Mark emails as sent when they were created, instead of sending them now."""
    waiting = Notification.objects.filter(status=NotificationStatusChoices.WAITING)
    newest = waiting.order_by("-pk").values_list("pk", flat=True)[:except_newest]
    waiting.exclude(pk__in=set(newest)).write(
        status=NotificationStatusChoices.SENT,
        due_datetime=None,
        sent_datetime=F("created_datetime"),
        attempts=1,
    )
