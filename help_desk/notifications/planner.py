"""Writing an event's notification rows, in the transaction that records the event."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from help_desk.auth.developers import address_key
from help_desk.channels import active_channels
from help_desk.choices import NotificationStatusChoices
from help_desk.conf import AFTER_COMMIT, help_desk_settings
from help_desk.enums import NotificationKind, TicketEventType
from help_desk.models import Notification
from help_desk.notifications.developer_email import email_addresses_instead_of_users
from help_desk.notifications.preferences import NotificationPreferences
from help_desk.notifications.recipients import add_email_addresses, recipients_for
from help_desk.notifications.rules import kinds_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from help_desk.channels import Channel, Recipient
    from help_desk.models import TicketEvent
    from help_desk.notifications.preferences import KindsByChannel

    RecipientKey = tuple[str, str]

logger = logging.getLogger(__name__)


def plan(
    event: TicketEvent,
    *,
    mentioned: Collection[Any] = (),
    already_notified: Collection[RecipientKey] = (),
) -> list[Notification]:
    """Write one row per recipient and channel, and return the rows.

    `mentioned` are the IDs of mentioned users who may see the event.
    """
    seen = set(already_notified)
    rows = []
    for row in _rows(event, mentioned):
        # Two users with one mailbox get one email, and an address that a channel subscribes
        # twice is notified once.
        keys = _keys(row)
        if keys and seen.isdisjoint(keys):
            seen |= keys
            rows.append(row)
    return _insert(rows, event.database)


def already_notified(event: TicketEvent) -> set[RecipientKey]:
    """Return the keys of the recipients that an event has rows for."""
    rows = Notification.objects.using(event.database).filter(event=event)
    return set().union(*map(_keys, rows.only("recipient_id", "address", "channel")))


def _insert(rows: Sequence[Notification], using: str) -> list[Notification]:
    """Insert rows, and return those that the database accepts."""
    table = Notification.objects.using(using)
    others = [row for row in rows if not (row.address or "").isascii()]
    inserted = table.bulk_create([row for row in rows if (row.address or "").isascii()])
    if not others:
        return inserted
    # MariaDB and MySQL take an address for another one that differs in accents only. A user who
    # enters such a lookalike must not keep others from replying to a ticket.
    try:
        with transaction.atomic(using=using):
            return inserted + table.bulk_create(others)
    except IntegrityError:
        return inserted + [row for row in others if _is_inserted(row, using)]


def _is_inserted(row: Notification, using: str) -> bool:
    try:
        with transaction.atomic(using=using):
            row.save(using=using)
    except IntegrityError as error:
        logger.warning("A notification to %s could not be written: %s", row.address, error)
        return False
    return True


def _rows(event: TicketEvent, mentioned: Collection[Any]) -> Iterator[Notification]:
    channels = active_channels()
    kinds = kinds_of(event, has_mentions=bool(mentioned))
    return chain(
        _rows_of_recipients(event, recipients_for(event, kinds, mentioned), channels, kinds),
        _rows_of_subscribers(event, channels, kinds),
    )


def _rows_of_recipients(
    event: TicketEvent,
    recipients: Sequence[Recipient],
    channels: Sequence[Channel],
    kinds: Collection[NotificationKind],
) -> Iterator[Notification]:
    user_ids = (recipient.user_id for recipient in recipients if recipient.user_id)
    preferences = NotificationPreferences(user_ids, event.database)
    enabled = [
        (recipient, preferences.kinds_by_channel(recipient, kinds)) for recipient in recipients
    ]
    if NotificationKind.NEW in kinds:
        enabled = list(email_addresses_instead_of_users(enabled, preferences, event.database))
    _look_up_addresses(enabled, channels, event.database)
    not_before = _end_of_window(event)
    for recipient, kinds_by_channel in enabled:
        for channel in channels:
            if not channel.is_personal or channel.name not in kinds_by_channel:
                continue
            address = channel.address_of(recipient)
            if address == "":
                continue
            due = timezone.now()
            if channel.supports_digest:
                due = preferences.email_due(recipient.user_id, due, not_before)
            yield _row(
                event,
                channel,
                recipient_id=recipient.user_id,
                address=address,
                kinds=kinds_by_channel[channel.name],
                due=due,
            )


def _rows_of_subscribers(
    event: TicketEvent, channels: Sequence[Channel], kinds: Collection[NotificationKind]
) -> Iterator[Notification]:
    for channel in channels:
        for address in channel.subscribers(event, kinds):
            yield _row(
                event,
                channel,
                address=address,
                kinds=sorted(map(str, kinds)),
                due=timezone.now(),
            )


def _look_up_addresses(
    enabled: Sequence[tuple[Recipient, KindsByChannel]],
    channels: Sequence[Channel],
    using: str,
) -> None:
    """Look up the email addresses that are needed and not known yet."""
    inboxes = {channel.name for channel in channels if channel.is_inbox}
    add_email_addresses(
        [
            recipient
            for recipient, by_channel in enabled
            if not recipient.email and by_channel.keys() - inboxes
        ],
        using,
    )


def _row(
    event: TicketEvent,
    channel: Channel,
    *,
    recipient_id: Any = None,
    address: str | None,
    kinds: list[str],
    due: datetime,
) -> Notification:
    now = timezone.now()
    row = Notification(
        event=event,
        recipient_id=recipient_id,
        address=address,
        channel=channel.name,
        kinds=kinds,
        created_datetime=now,
    )
    if channel.is_inbox:
        row.status = NotificationStatusChoices.SENT
        row.sent_datetime = now
    else:
        row.status = NotificationStatusChoices.WAITING
        row.due_datetime = row.scheduled_datetime = due
    return row


def _end_of_window(event: TicketEvent) -> datetime:
    """Return when a change can be sent at the earliest."""
    # Debounce: several changes by one user within CHANGES_WINDOW become one email. After a
    # commit, nothing would send them later, so they are sent immediately.
    if event.type != TicketEventType.UPDATE or help_desk_settings.DELIVERY == AFTER_COMMIT:
        return event.created_datetime
    return event.created_datetime + timedelta(seconds=help_desk_settings.CHANGES_WINDOW)


def _keys(row: Notification) -> set[RecipientKey]:
    """Return what the database's constraints keep unique within an event."""
    keys = set()
    if row.recipient_id is not None:
        keys.add((row.channel, f"user {row.recipient_id}"))
    if row.address:
        keys.add((row.channel, f"address {address_key(row.address)}"))
    return keys
