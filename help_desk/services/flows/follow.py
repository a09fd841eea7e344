"""Following and muting a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from help_desk.models import TicketFollower

if TYPE_CHECKING:
    from collections.abc import Iterable


def set_muted(ticket_id: int, user_id: Any, *, is_muted: bool, using: str) -> None:
    """Follow the ticket for a user, or mute it."""
    with transaction.atomic(using=using):
        add_followers(ticket_id, [user_id], using=using)
        followers = TicketFollower.objects.using(using)
        followers.filter(ticket_id=ticket_id, user_id=user_id).update(is_muted=is_muted)


def add_followers(ticket_id: int, user_ids: Iterable[Any], *, using: str) -> None:
    """Follow the ticket for users who neither follow nor mute it yet."""
    TicketFollower.objects.using(using).bulk_create(
        [TicketFollower(ticket_id=ticket_id, user_id=user_id) for user_id in user_ids],
        ignore_conflicts=True,
    )
