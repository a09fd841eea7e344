"""Writing notification rows, in the transaction of what they tell of."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from help_desk.choices import NotificationStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.models import Notification
from help_desk.notifications import delivery
from help_desk.notifications.channels import active_channels
from help_desk.notifications.rules import channels_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from help_desk.models import TicketEvent
    from help_desk.notifications.channels.channel import Channel
    from help_desk.notifications.recipients import Person


def write(event: TicketEvent, people: Iterable[Person]) -> list[Notification]:
    """Write one row per person and channel, and have what waits sent after the commit.

    Args:
        event: What they are told of, saved in the database that the rows go to.
        people: Who is concerned; who was told of this event before is passed over.

    Returns:
        The rows that were written.
    """
    using = event._state.db or DEFAULT_DB_ALIAS
    told = _told_before(event, using)
    rows = [row for row in _rows(event, people) if told.isdisjoint(_keys(row))]
    written = Notification.objects.using(using).bulk_create(rows)
    if help_desk_settings.DELIVER_AFTER_COMMIT and any(row.due_datetime for row in written):
        send = partial(delivery.deliver_after_commit, event_id=event.pk, using=using)
        transaction.on_commit(send, using=using, robust=True)
    return written


def _rows(event: TicketEvent, people: Iterable[Person]) -> Iterable[Notification]:
    channels = active_channels()
    now = timezone.now()
    taken: set[tuple[str, str]] = set()
    for person in people:
        wanted = channels_for(event.type, person.roles)
        for channel in channels:
            if channel.name not in wanted:
                continue
            row = _row(event, person, channel, now)
            # Two accounts with one mailbox get one e-mail.
            keys = _keys(row)
            if keys and taken.isdisjoint(keys):
                taken |= keys
                yield row


def _row(event: TicketEvent, person: Person, channel: Channel, now: datetime) -> Notification:
    return Notification(
        event=event,
        recipient_id=person.user_id,
        address=channel.address_of(person),
        channel=channel.name,
        status=_STATUS[channel.is_inbox],
        created_datetime=now,
        due_datetime=None if channel.is_inbox else now,
        sent_datetime=now if channel.is_inbox else None,
    )


_STATUS = {True: NotificationStatusChoices.SENT, False: NotificationStatusChoices.WAITING}


def _keys(row: Notification) -> set[tuple[str, str]]:
    """What the database's constraints keep unique within one event."""
    keys = set()
    if row.recipient_id is not None:
        keys.add((row.channel, f"account {row.recipient_id}"))
    if row.address:
        keys.add((row.channel, f"address {row.address.lower()}"))
    return keys


def _told_before(event: TicketEvent, using: str) -> set[tuple[str, str]]:
    rows = Notification.objects.using(using).filter(event=event)
    return set().union(*map(_keys, rows.only("recipient_id", "address", "channel")))
