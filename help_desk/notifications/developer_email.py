"""Emails about new tickets to the addresses in `ADMINS`.

Such an address is mailed unless the unsubscribe link in one of these emails was used, or the
address belongs to inactive users only. Users can enter any address as theirs, so what a user
prefers must not keep a developer from getting the email.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.auth.developers import address_key, developer_addresses
from help_desk.channels import Recipient
from help_desk.enums import NotificationKind, Role
from help_desk.models import UnsubscribedAddress
from help_desk.notifications.preferences import EMAIL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from help_desk.notifications.preferences import KindsByChannel, NotificationPreferences


def subscribed_addresses(using: str) -> dict[str, str]:
    """Return the addresses in `ADMINS` that did not unsubscribe, by their keys."""
    addresses = developer_addresses()
    if addresses:
        rows = UnsubscribedAddress.objects.using(using).filter(address__in=addresses)
        for key in rows.values_list("address", flat=True):
            addresses.pop(key, None)
    return addresses


def email_addresses_instead_of_users(
    enabled: Iterable[tuple[Recipient, KindsByChannel]],
    preferences: NotificationPreferences,
    using: str,
) -> Iterator[tuple[Recipient, KindsByChannel]]:
    """Email a new ticket to a developer's address if its user would not get it immediately."""
    subscribed = subscribed_addresses(using)
    for recipient, by_channel in enabled:
        if Role.DEVELOPER in recipient.roles:
            address = subscribed.get(address_key(recipient.email))
            if address is None and recipient.user_id is None:
                by_channel.pop(EMAIL, None)
            elif address and not preferences.emails_immediately(recipient, by_channel):
                by_channel.pop(EMAIL, None)
                by_itself = Recipient(email=address, roles={Role.DEVELOPER})
                by_rules = preferences.kinds_by_channel(by_itself, {NotificationKind.NEW})
                yield by_itself, {name: by_rules[name] for name in by_rules if name == EMAIL}
        yield recipient, by_channel
