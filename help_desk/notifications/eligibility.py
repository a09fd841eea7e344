"""What has happened since a row was written, so that it is no longer to be sent."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.enums import NotificationKind, Role, TicketEventType
from help_desk.models import TicketFollower
from help_desk.notifications.preferences import opt_outs
from help_desk.notifications.recipients import Recipient, developer_addresses
from help_desk.notifications.rules import kinds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from help_desk.channels.base import Channel
    from help_desk.models import Notification

DELETED = "The ticket was deleted."
INACTIVE = "The account is not active."
MUTED = "The recipient muted the ticket."
OPTED_OUT = "The recipient does not want such messages any more."
NOT_PERMITTED = "The recipient may not see this any more."
NOT_IN_ADMINS = "The address is not in ADMINS any more."


def skip_reasons(
    rows: Sequence[Notification], channels: Iterable[Channel], using: str
) -> dict[int, str]:
    """Find rows whose recipients must or would not hear of their event any more.

    Args:
        rows: Rows with `event`, `event.ticket`, `event.comment` and `recipient` loaded.
        channels: What they leave by.
        using: Alias of their database.

    Returns:
        Key of the row to the reason, in words.
    """
    developers = {address.lower() for address in developer_addresses()}
    reasons = dict.fromkeys(_of_former_developers(rows, channels, developers), NOT_IN_ADMINS)
    reasons |= {row.pk: DELETED for row in rows if row.event.ticket.is_deleted}
    personal = [row for row in rows if row.recipient_id is not None and row.pk not in reasons]
    user_ids = {row.recipient_id for row in personal}
    if not user_ids:
        return reasons
    viewers = holders(policy.permission("view"), using, user_ids)
    insiders = holders(policy.permission("change"), using, user_ids)
    muted = _muted(personal, using)
    refused = opt_outs(user_ids, using)
    for row in personal:
        reason = _reason(row, viewers, insiders, developers)
        if (row.recipient_id, row.event.ticket_id) in muted:
            reason = MUTED
        elif not reason and _is_refused(row, refused):
            reason = OPTED_OUT
        if reason:
            reasons[row.pk] = reason
    return reasons


def _of_former_developers(
    rows: Iterable[Notification], channels: Iterable[Channel], developers: Iterable[str]
) -> Iterator[int]:
    """Find rows to addresses without an account that are not in `ADMINS` any more.

    Of people without an account, only developers are told. A channel that has subscribers
    besides knows itself where it sends to.
    """
    people = [Recipient(email=address, roles={Role.DEVELOPER}) for address in developers]
    reached = {
        channel.name: {str(channel.address_of(person)).lower() for person in people}
        for channel in channels
        if channel.is_personal and not channel.has_subscribers
    }
    for row in rows:
        if row.recipient_id is not None or row.channel not in reached:
            continue
        if str(row.address).lower() not in reached[row.channel]:
            yield row.pk


def _reason(row: Notification, viewers: set[Any], insiders: set[Any], developers: set[str]) -> str:
    event, recipient = row.event, row.recipient
    if recipient is None or not recipient.is_active:
        return INACTIVE
    is_told_as_developer = (
        event.type == TicketEventType.NEW and (row.address or "").lower() in developers
    )
    sees = row.recipient_id in viewers or policy.sees_as_creator(recipient, event.ticket)
    is_internal = event.comment is not None and event.comment.is_internal
    if is_told_as_developer or (sees and (not is_internal or row.recipient_id in insiders)):
        return ""
    return NOT_PERMITTED


def _is_refused(row: Notification, refused: set[tuple[Any, str, str]]) -> bool:
    """Say whether the recipient has refused all that the event is to them."""
    kinds = kinds_of(row.event)
    if NotificationKind.MENTION in kinds and not row.names_recipient:
        kinds.remove(NotificationKind.MENTION)
    return bool(kinds) and all(
        (row.recipient_id, str(kind), row.channel) in refused for kind in kinds
    )


def _muted(rows: Iterable[Notification], using: str) -> set[tuple[Any, int]]:
    tickets: dict[int, set[Any]] = defaultdict(set)
    for row in rows:
        tickets[row.event.ticket_id].add(row.recipient_id)
    mutes = TicketFollower.objects.using(using).filter(
        ticket_id__in=tickets, user_id__in=set().union(*tickets.values()), is_muted=True
    )
    return set(mutes.values_list("user_id", "ticket_id"))
