"""What people say of what they want to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import router, transaction

from help_desk.enums import NotificationKind
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    NotificationPreference,
    TicketFollower,
)
from help_desk.notifications.unsubscribe import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from help_desk.enums import EmailRhythm
    from help_desk.host_types import Account
    from help_desk.notifications.unsubscribe import Unsubscription

EMAIL = "email"


def save_wishes(user: Account, wishes: Mapping[tuple[str, str], bool | None]) -> None:
    """Keep what somebody wants to be told of.

    Args:
        user: Whose wishes they are.
        wishes: `(kind, channel)` to whether it is wanted; None for what the rules say.
    """
    using = router.db_for_write(NotificationPreference)
    with transaction.atomic(using=using):
        preferences = NotificationPreference.objects.using(using)
        for (kind, channel), is_wanted in wishes.items():
            key: dict[str, Any] = {"user_id": user.pk, "kind": kind, "channel": channel}
            if is_wanted is None:
                preferences.filter(**key).delete()
            else:
                preferences.update_or_create(**key, defaults={"is_wanted": is_wanted})


def set_rhythm(user: Account, rhythm: EmailRhythm) -> None:
    """Keep how often somebody wants e-mail.

    Args:
        user: Whose wish it is.
        rhythm: How often.
    """
    using = router.db_for_write(EmailSchedule)
    EmailSchedule.objects.using(using).update_or_create(
        user_id=user.pk, defaults={"rhythm": rhythm}
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
    save_wishes(user, {(kind, EMAIL): False for kind in kinds})
    return True


def _account(key: str) -> Any:
    user_model = get_user_model()
    try:
        return user_model._default_manager.filter(pk=key).first()
    except (ValidationError, ValueError):
        # A token from before the host changed its user model.
        return None


def _mute(user: Account, ticket_id: int) -> bool:
    using = router.db_for_write(TicketFollower)
    if not HelpDeskTicket.objects.using(using).filter(pk=ticket_id).exists():
        return False
    TicketFollower.objects.using(using).update_or_create(
        ticket_id=ticket_id, user_id=user.pk, defaults={"is_muted": True}
    )
    return True
