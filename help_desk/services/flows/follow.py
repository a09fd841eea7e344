"""Following and muting a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from help_desk.models import TicketFollower
from help_desk.services.flows.transactions import repeatable_transaction, retried

if TYPE_CHECKING:
    from collections.abc import Iterable


@retried
def set_muted(ticket_id: int, user_id: Any, *, is_muted: bool, using: str) -> None:
    """Follow the ticket for a user, or mute it."""
    row = TicketFollower.objects.using(using).filter(ticket_id=ticket_id, user_id=user_id)
    with repeatable_transaction(using):
        # First the UPDATE: on MariaDB, an INSERT that is ignored keeps a shared lock, and two
        # transactions that then update the same row are a deadlock.
        if not row.update(is_muted=is_muted):
            add_followers(ticket_id, [user_id], using=using)
            row.update(is_muted=is_muted)


def add_followers(
    ticket_id: int, user_ids: Iterable[Any], *, added_by_id: Any = None, using: str
) -> None:
    """Follow the ticket for users who neither follow nor mute it yet."""
    TicketFollower.objects.using(using).bulk_create(
        [
            TicketFollower(
                ticket_id=ticket_id,
                user_id=user_id,
                added_by_id=None if user_id == added_by_id else added_by_id,
            )
            for user_id in user_ids
        ],
        ignore_conflicts=True,
    )
