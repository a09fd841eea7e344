"""What people say of what they want to be told.

However many requests do so at once: each function begins with a write, because on SQLite
a transaction that has read cannot wait for another one that writes ("database is locked").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.db.models import Q

from help_desk.content.unsubscribe import Scope
from help_desk.enums import NotificationKind
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    NotificationPreference,
    TicketFollower,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.contrib.auth.models import User

    from help_desk.content.unsubscribe import Unsubscription
    from help_desk.enums import EmailFrequency

EMAIL = "email"


def set_preferences(user: User, wishes: Mapping[tuple[str, str], bool | None]) -> None:
    """Keep what somebody wants to be told of.

    Args:
        user: Whose wishes they are.
        wishes: `(kind, channel)` to whether it is wanted; None for what the rules say.
    """
    if not wishes:
        return
    said = Q()
    for kind, channel in wishes:
        said |= Q(kind=kind, channel=channel)
    using = router.db_for_write(NotificationPreference)
    preferences = NotificationPreference.objects.using(using)
    with transaction.atomic(using=using):
        preferences.filter(said, user_id=user.pk).delete()
        preferences.bulk_create(
            [
                NotificationPreference(user_id=user.pk, kind=kind, channel=channel, enabled=enabled)
                for (kind, channel), enabled in wishes.items()
                if enabled is not None
            ],
            ignore_conflicts=True,  # the same form, sent twice at once
        )


def set_email_frequency(user: User, frequency: EmailFrequency) -> None:
    """Keep how often somebody wants e-mail.

    Args:
        user: Whose wish it is.
        frequency: How often.
    """
    using = router.db_for_write(EmailSchedule)
    schedules = EmailSchedule.objects.using(using)
    with transaction.atomic(using=using):
        schedules.bulk_create([EmailSchedule(user_id=user.pk)], ignore_conflicts=True)
        schedules.filter(user_id=user.pk).update(frequency=frequency)


def set_muted(ticket_id: int, user_id: Any, *, is_muted: bool, using: str) -> None:
    """Keep whether somebody wants to hear of a ticket.

    Args:
        ticket_id: The ticket's number.
        user_id: Key of the account.
        is_muted: Whether they mute it; else they follow it.
        using: Alias of the database that holds the ticket.
    """
    with transaction.atomic(using=using):
        add_followers(ticket_id, [user_id], using=using)
        followers = TicketFollower.objects.using(using)
        followers.filter(ticket_id=ticket_id, user_id=user_id).update(is_muted=is_muted)


def add_followers(ticket_id: int, user_ids: Iterable[Any], *, using: str) -> None:
    """Have people follow a ticket who neither follow nor mute it yet.

    Args:
        ticket_id: The ticket's number.
        user_ids: Keys of their accounts.
        using: Alias of the database that holds the ticket.
    """
    TicketFollower.objects.using(using).bulk_create(
        [TicketFollower(ticket_id=ticket_id, user_id=user_id) for user_id in user_ids],
        ignore_conflicts=True,
    )


def unsubscribe(wish: Unsubscription) -> bool:
    """Do as a mail's reader wishes.

    Args:
        wish: What the mail's link says.

    Returns:
        Whether there is still such an account, and such a ticket.
    """
    user = _account(wish.user_id)
    if user is None:
        return False
    if wish.ticket_id is not None:
        return _mute(user, wish.ticket_id)
    kinds = [NotificationKind.NEW] if wish.scope == Scope.NEW_TICKETS else list(NotificationKind)
    set_preferences(user, {(kind, EMAIL): False for kind in kinds})
    return True


def _account(key: str) -> Any:
    user_model = get_user_model()
    try:
        return user_model._default_manager.filter(pk=key).first()
    except (ValidationError, ValueError):
        # A token from before the host changed its user model.
        return None


def _mute(user: User, ticket_id: int) -> bool:
    using = router.db_for_write(TicketFollower)
    if not HelpDeskTicket.objects.using(using).filter(pk=ticket_id).exists():
        return False
    set_muted(ticket_id, user.pk, is_muted=True, using=using)
    return True
