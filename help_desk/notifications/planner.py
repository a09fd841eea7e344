"""Writing notification rows, in the transaction of what they tell of."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db import router, transaction
from django.utils import timezone

from help_desk.channels import active_channels
from help_desk.choices import NotificationStatusChoices
from help_desk.conf import help_desk_settings
from help_desk.delivery import dispatch
from help_desk.enums import TicketEventType
from help_desk.models import Notification
from help_desk.notifications.preferences import NotificationPreferences
from help_desk.notifications.recipients import add_addresses
from help_desk.notifications.rules import kinds_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from help_desk.channels.base import Channel
    from help_desk.enums import NotificationKind
    from help_desk.models import TicketEvent
    from help_desk.notifications.recipients import Recipient
    from help_desk.querysets import NotificationQuerySet


def write(event: TicketEvent, people: Sequence[Recipient]) -> list[Notification]:
    """Write one row per person and channel, and have what waits sent after the commit.

    Args:
        event: What they are told of, saved in the database that the rows go to.
        people: Who is concerned; who was told of this event before is passed over.

    Returns:
        The rows that were written.
    """
    using = event.database
    told = set() if event.is_untold else _told_before(event, using)
    event.is_untold = False
    rows = [row for row in _rows(event, people) if told.isdisjoint(_keys(row))]
    for row in rows:
        row.scheduled_datetime = row.due_datetime
    written = Notification.objects.using(using).bulk_create(rows)
    if any(row.due_datetime for row in written):
        dispatch.after_commit(event, using)
    return written


def send_again(rows: NotificationQuerySet) -> int:
    """Have rows that failed or were skipped sent as if they were new.

    Whoever may not see the ticket any more, or muted it, is skipped again.

    Args:
        rows: Any rows; those that wait or were sent stay as they are.

    Returns:
        How many will be sent again.
    """
    using = router.db_for_write(Notification)
    with transaction.atomic(using=using):
        count = rows.using(using).send_again()
        if count:
            dispatch.after_commit(None, using)
    return count


def _rows(event: TicketEvent, people: Sequence[Recipient]) -> Iterator[Notification]:
    channels = active_channels()
    kinds = kinds_of(event)
    taken: set[tuple[str, str]] = set()
    for row in chain(
        _rows_of_people(event, people, channels, kinds),
        _rows_of_subscribers(event, channels, kinds),
    ):
        # Two accounts with one mailbox get one e-mail; and should a channel name a
        # subscriber twice, that is no reason for the ticket to fail.
        keys = _keys(row)
        if keys and taken.isdisjoint(keys):
            taken |= keys
            yield row


def _rows_of_people(
    event: TicketEvent,
    people: Sequence[Recipient],
    channels: Sequence[Channel],
    kinds: Collection[NotificationKind],
) -> Iterator[Notification]:
    wishes = NotificationPreferences(
        (person.user_id for person in people if person.user_id), event.database
    )
    wanted = [wishes.channels(person.user_id, kinds, person.roles) for person in people]
    _look_up_addresses(people, wanted, channels, event.database)
    not_before = _end_of_window(event)
    personal = [channel for channel in channels if channel.is_personal]
    for person, names in zip(people, wanted, strict=True):
        for channel in personal:
            address = channel.address_of(person) if channel.name in names else ""
            if address == "":
                continue
            row = _row(event, channel, recipient_id=person.user_id, address=address)
            if channel.is_scheduled and row.due_datetime is not None:
                row.due_datetime = wishes.email_due(person.user_id, row.due_datetime, not_before)
            yield row


def _rows_of_subscribers(
    event: TicketEvent, channels: Sequence[Channel], kinds: Collection[NotificationKind]
) -> Iterator[Notification]:
    for channel in channels:
        for address in channel.subscribers(event, kinds):
            yield _row(event, channel, address=address)


def _look_up_addresses(
    people: Sequence[Recipient],
    wanted: Sequence[set[str]],
    channels: Sequence[Channel],
    using: str,
) -> None:
    """Find the addresses that are needed and not known yet."""
    inboxes = {channel.name for channel in channels if channel.is_inbox}
    add_addresses(
        [
            person
            for person, names in zip(people, wanted, strict=True)
            if not person.email and names - inboxes
        ],
        using,
    )


def _row(
    event: TicketEvent, channel: Channel, *, recipient_id: Any = None, address: str | None
) -> Notification:
    now = timezone.now()
    return Notification(
        event=event,
        recipient_id=recipient_id,
        address=address,
        channel=channel.name,
        created_datetime=now,
        status=_STATUS[channel.is_inbox],
        due_datetime=None if channel.is_inbox else now,
        sent_datetime=now if channel.is_inbox else None,
    )


_STATUS = {True: NotificationStatusChoices.SENT, False: NotificationStatusChoices.WAITING}


def _end_of_window(event: TicketEvent) -> datetime:
    """Leave a short while for more changes by the same person, if somebody comes by then."""
    if event.type != TicketEventType.UPDATE or not dispatch.somebody_comes_by(event.database):
        return event.created_datetime
    return event.created_datetime + timedelta(seconds=help_desk_settings.CHANGES_WINDOW)


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
