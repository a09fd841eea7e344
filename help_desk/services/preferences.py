"""Notification preferences of users.

Each function begins with a write: on SQLite, a transaction that has read cannot wait for
another one that writes ("database is locked").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connections, router
from django.db.models import Q

from help_desk.auth import policy
from help_desk.auth.developers import developer_addresses, is_developer, key_of
from help_desk.channels import active_channels
from help_desk.content.unsubscribe import Scope, hash_of
from help_desk.enums import NotificationKind, Role
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    NotificationPreference,
    TicketFollower,
    UnsubscribedAddress,
)
from help_desk.notifications.developer_email import subscribed_addresses
from help_desk.notifications.preferences import EMAIL
from help_desk.notifications.rules import rules
from help_desk.services.flows.follow import set_muted
from help_desk.services.flows.transactions import repeatable_transaction, retried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

    from help_desk.content.unsubscribe import Unsubscription
    from help_desk.enums import EmailFrequency

COMMON_ROLES = frozenset({Role.CREATOR, Role.FOLLOWER, Role.MENTIONED})
"""The roles that need no permission."""


def default_preferences(user: User) -> dict[tuple[str, str], bool]:
    """Return by kind and channel whether the rules notify a user, for kinds that concern them."""
    roles = set(COMMON_ROLES)
    if policy.can(user, "change"):
        roles.add(Role.ASSIGNEE)
    if policy.can(user, "delete"):
        roles.add(Role.MANAGER)
    if is_developer(user):
        roles.add(Role.DEVELOPER)
    channels = [channel.name for channel in active_channels() if channel.is_personal]
    defaults: dict[tuple[str, str], bool] = {}
    for kind, by_role in rules().items():
        default_channels = set().union(*(by_role[role] for role in roles))
        is_hidden = kind == NotificationKind.NOTE and not policy.can_see_internal(user)
        if default_channels and not is_hidden:
            defaults |= {(kind, channel): channel in default_channels for channel in channels}
    return defaults


def is_emailed_as_developer(user: User) -> bool:
    """Whether a user's address gets emails about new tickets, whatever the user prefers."""
    using = router.db_for_read(UnsubscribedAddress)
    return is_developer(user) and key_of(user) in subscribed_addresses(using)


@retried
def set_preferences(user: User, preferences: Mapping[tuple[str, str], bool | None]) -> None:
    """Save by `(kind, channel)` whether to notify a user; None follows the rules."""
    using = router.db_for_write(NotificationPreference)
    rows = NotificationPreference.objects.using(using)
    reset = Q()
    for (kind, channel), enabled in preferences.items():
        if enabled is None:
            reset |= Q(kind=kind, channel=channel)
    has_target = connections[using].features.supports_update_conflicts_with_target
    with repeatable_transaction(using):
        # Rows are updated in place: on MariaDB, deleting and inserting the same keys in two
        # transactions at once is a deadlock.
        rows.bulk_create(
            [
                NotificationPreference(user_id=user.pk, kind=kind, channel=channel, enabled=enabled)
                for (kind, channel), enabled in sorted(preferences.items())
                if enabled is not None
            ],
            update_conflicts=True,
            update_fields=["enabled"],
            unique_fields=["user", "kind", "channel"] if has_target else None,
        )
        if reset:
            rows.filter(reset, user_id=user.pk).delete()


@retried
def set_email_frequency(user: User, frequency: EmailFrequency) -> None:
    """Save how often a user gets email."""
    using = router.db_for_write(EmailSchedule)
    schedules = EmailSchedule.objects.using(using)
    with repeatable_transaction(using):
        schedules.bulk_create([EmailSchedule(user_id=user.pk)], ignore_conflicts=True)
        schedules.filter(user_id=user.pk).update(frequency=frequency)


def unsubscribe(unsubscription: Unsubscription) -> bool:
    """Apply an unsubscribe link; return whether it still applies to anything."""
    is_developer_address = _unsubscribe_address(unsubscription.address_hash)
    user = _find_user(unsubscription.user_id)
    if user is None:
        return is_developer_address
    if unsubscription.ticket_id is not None:
        return _mute(user, unsubscription.ticket_id)
    is_all = unsubscription.scope != Scope.NEW_TICKETS
    kinds = list(NotificationKind) if is_all else [NotificationKind.NEW]
    set_preferences(user, {(kind, EMAIL): False for kind in kinds})
    return True


def _unsubscribe_address(address_hash: str) -> bool:
    """Send no more emails about new tickets to an address in `ADMINS`."""
    keys = [key for key in developer_addresses() if hash_of(key) == address_hash]
    rows = UnsubscribedAddress.objects.using(router.db_for_write(UnsubscribedAddress))
    rows.bulk_create([UnsubscribedAddress(address=key) for key in keys], ignore_conflicts=True)
    return bool(keys)


def _find_user(user_id: str | None) -> Any:
    user_model = get_user_model()
    if user_id is None:
        return None
    try:
        return user_model._default_manager.filter(pk=user_id).first()
    except (ValidationError, ValueError):
        # The token was made before the host changed its user model.
        return None


def _mute(user: User, ticket_id: int) -> bool:
    using = router.db_for_write(TicketFollower)
    if not HelpDeskTicket.objects.using(using).filter(pk=ticket_id).exists():
        return False
    set_muted(ticket_id, user.pk, is_muted=True, using=using)
    return True
