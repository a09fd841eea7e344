"""Whether a waiting notification may still be sent."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from help_desk.auth import policy
from help_desk.auth.developers import address_key, developer_addresses, inactive_addresses
from help_desk.auth.holders import holders
from help_desk.channels import Channel, Recipient
from help_desk.enums import Role, TicketEventType
from help_desk.models import TicketFollower
from help_desk.notifications.developer_email import subscribed_addresses
from help_desk.notifications.preferences import EMAIL, opt_outs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from help_desk.models import Notification

DELETED = "The ticket was deleted."
INACTIVE = "The user is not active."
MUTED = "The recipient muted the ticket."
OPTED_OUT = "The recipient opted out of such notifications."
NOT_PERMITTED = "The recipient may no longer see this."
NOT_IN_ADMINS = "The address is no longer in ADMINS."


def skip_reasons(
    rows: Sequence[Notification], channels: Iterable[Channel], using: str
) -> dict[int, str]:
    """Return row ID to reason for rows that must not be sent any more."""
    developers = developer_addresses()
    former = _rows_of_former_developers(rows, channels, developers.values())
    reasons = dict.fromkeys(former, NOT_IN_ADMINS)
    reasons |= {row.pk: DELETED for row in rows if row.event.ticket.is_deleted}
    undecided = [row for row in rows if row.pk not in reasons]
    by_address = _reasons_by_address(undecided, developers, using)
    reasons |= {row_id: reason for row_id, reason in by_address.items() if reason}
    personal = [
        row for row in undecided if row.recipient_id is not None and row.pk not in by_address
    ]
    user_ids = {row.recipient_id for row in personal}
    if not user_ids:
        return reasons
    viewers = holders(policy.permission("view"), using, user_ids)
    note_readers = holders(policy.permission("change"), using, user_ids)
    muted = _muted(personal, using)
    opted_out = opt_outs(user_ids, using)
    for row in personal:
        reason = _permission_reason(row, viewers, note_readers, developers)
        if (row.recipient_id, row.event.ticket_id) in muted:
            reason = MUTED
        elif not reason and _is_opted_out(row, opted_out):
            reason = OPTED_OUT
        if reason:
            reasons[row.pk] = reason
    return reasons


def _rows_of_former_developers(
    rows: Iterable[Notification], channels: Iterable[Channel], developers: Iterable[str]
) -> Iterator[int]:
    """Yield the IDs of rows to addresses that were in `ADMINS`."""
    recipients = [Recipient(email=address, roles={Role.DEVELOPER}) for address in developers]
    # A channel with subscribers writes rows without a recipient that are not for developers.
    addresses = {
        channel.name: {address_key(str(channel.address_of(each))) for each in recipients}
        for channel in channels
        if channel.is_personal and type(channel).subscribers is Channel.subscribers
    }
    for row in rows:
        if row.recipient_id is not None or row.channel not in addresses:
            continue
        if address_key(str(row.address)) not in addresses[row.channel]:
            yield row.pk


def _reasons_by_address(
    rows: Iterable[Notification], developers: Collection[str], using: str
) -> dict[int, str]:
    """Return row ID to reason, or to "", for emails that an address in `ADMINS` gets.

    What its user prefers or may see makes no difference, see `developer_email`.
    """
    keys = {
        row: address_key(row.address or "")
        for row in rows
        if row.channel == EMAIL and row.event.type == TicketEventType.NEW
    }
    keys = {row: key for row, key in keys.items() if key in developers}
    subscribed = subscribed_addresses(using) if keys else {}
    inactive = inactive_addresses(subscribed.keys() & keys.values(), using)
    reasons = {}
    for row, key in keys.items():
        if key in subscribed:
            reasons[row.pk] = INACTIVE if key in inactive else ""
        elif row.recipient_id is None:
            reasons[row.pk] = OPTED_OUT
    return reasons


def _permission_reason(
    row: Notification,
    viewers: Collection[Any],
    note_readers: Collection[Any],
    developers: Collection[str],
) -> str:
    event, recipient = row.event, row.recipient
    if recipient is None or not recipient.is_active:
        return INACTIVE
    # Developers are notified of new tickets whether they have the view permission or not.
    is_developer = (
        event.type == TicketEventType.NEW and address_key(row.address or "") in developers
    )
    can_view = row.recipient_id in viewers or policy.sees_as_creator(recipient, event.ticket)
    can_read = can_view and (not event.is_internal or row.recipient_id in note_readers)
    return "" if is_developer or can_read else NOT_PERMITTED


def _is_opted_out(row: Notification, opted_out: set[tuple[Any, str, str]]) -> bool:
    """Whether the recipient opted out of every kind that the row was written for."""
    return bool(row.kinds) and all(
        (row.recipient_id, kind, row.channel) in opted_out for kind in row.kinds
    )


def _muted(rows: Iterable[Notification], using: str) -> set[tuple[Any, int]]:
    """Return the (user ID, ticket ID) pairs that users muted."""
    tickets: dict[int, set[Any]] = defaultdict(set)
    for row in rows:
        tickets[row.event.ticket_id].add(row.recipient_id)
    mutes = TicketFollower.objects.using(using).filter(
        ticket_id__in=tickets, user_id__in=set().union(*tickets.values()), is_muted=True
    )
    return set(mutes.values_list("user_id", "ticket_id"))
