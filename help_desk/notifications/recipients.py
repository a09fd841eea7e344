"""Who is notified of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from help_desk.auth import policy
from help_desk.auth.developers import address_key, developer_addresses, users_with_address
from help_desk.auth.holders import holders
from help_desk.auth.user_model import user_email_field
from help_desk.channels import Recipient
from help_desk.conf import help_desk_settings
from help_desk.enums import NotificationKind, Role
from help_desk.models import TicketFollower
from help_desk.notifications.rules import rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from help_desk.models import TicketEvent


def recipients_for(
    event: TicketEvent, kinds: Collection[NotificationKind], mentioned: Collection[Any]
) -> list[Recipient]:
    """Return the recipients of an event with their roles, as far as they may see it."""
    if NotificationKind.NEW in kinds:
        return _recipients_of_new_ticket(event, mentioned)
    return _recipients_of_change(event, kinds, mentioned) if kinds else []


class _Recipients(dict[Any, Recipient]):
    """Recipients by user ID."""

    def add(self, user_ids: Iterable[Any], role: Role) -> None:
        for user_id in user_ids:
            self.setdefault(user_id, Recipient(user_id=user_id)).roles.add(role)


def _recipients_of_new_ticket(event: TicketEvent, mentioned: Collection[Any]) -> list[Recipient]:
    recipients = _Recipients()
    external_recipients = []
    for developer in _developers(event.database):
        if developer.user_id is None:
            external_recipients.append(developer)
        else:
            recipients[developer.user_id] = developer
    recipients.add(holders(policy.permission("delete"), event.database), Role.MANAGER)
    recipients.add(set(mentioned) - {event.actor_id}, Role.MENTIONED)
    if not help_desk_settings.NOTIFY_CREATORS_OF_OWN_TICKETS:
        recipients.pop(event.actor_id, None)
    # Developers first, so that no other row can be taken for one to the same address.
    return [*external_recipients, *recipients.values()]


def _recipients_of_change(
    event: TicketEvent, kinds: Collection[NotificationKind], mentioned: Collection[Any]
) -> list[Recipient]:
    using, ticket = event.database, event.ticket
    recipients = _Recipients()
    recipients.add({ticket.created_by_id}, Role.CREATOR)
    recipients.add({ticket.assigned_to_id}, Role.ASSIGNEE)
    # The previous assignee is notified that the ticket was reassigned.
    recipients.add({_previous_assignee(event)}, Role.FOLLOWER)
    recipients.add(mentioned, Role.MENTIONED)
    rows = TicketFollower.objects.using(using).filter(ticket_id=ticket.pk)
    is_muted = dict(rows.values_list("user_id", "is_muted"))
    recipients.add([user_id for user_id, muted in is_muted.items() if not muted], Role.FOLLOWER)
    by_kind = rules()
    if any(by_kind[kind][Role.MANAGER] for kind in kinds):
        recipients.add(holders(policy.permission("delete"), using), Role.MANAGER)
    if any(by_kind[kind][Role.DEVELOPER] for kind in kinds):
        recipients.add({found.user_id for found in _developers(using)}, Role.DEVELOPER)
    muted_by = {user_id for user_id, muted in is_muted.items() if muted}
    candidates = recipients.keys() - muted_by - {None, event.actor_id}
    viewers = policy.viewers(ticket, candidates, using, internal=NotificationKind.NOTE in kinds)
    return [recipient for user_id, recipient in recipients.items() if user_id in viewers]


def _previous_assignee(event: TicketEvent) -> Any:
    """Return the ID of the previous assignee as the database returns it."""
    old = event.old_value("assigned_to")
    return None if old is None else get_user_model()._meta.pk.to_python(old)


def add_email_addresses(recipients: Collection[Recipient], using: str) -> None:
    """Look up the email addresses of recipients."""
    email_field = user_email_field()
    by_id = {
        recipient.user_id: recipient for recipient in recipients if recipient.user_id is not None
    }
    if not by_id or email_field is None:
        return
    users = get_user_model()._default_manager.using(using).filter(pk__in=by_id)
    for user_id, address in users.values_list("pk", email_field):
        by_id[user_id].email = address or ""


def _developers(using: str) -> Iterator[Recipient]:
    addresses = developer_addresses()
    external = dict(addresses)
    for user, address in users_with_address(addresses.values(), using):
        external.pop(address_key(address), None)
        if user.is_active:
            yield Recipient(user_id=user.pk, email=address, roles={Role.DEVELOPER})
    for address in external.values():
        yield Recipient(email=address, roles={Role.DEVELOPER})
