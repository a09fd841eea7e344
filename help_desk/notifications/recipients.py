"""Who is concerned: a question to accounts, permissions and settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models.functions import Lower

from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.conf import help_desk_settings
from help_desk.enums import NotificationKind, Role
from help_desk.models import TicketFollower
from help_desk.notifications.rules import kinds_of, rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from help_desk.models import TicketEvent


@dataclass(kw_only=True)
class Recipient:
    """Somebody to be told.

    Attributes:
        user_id: Key of the account; None for an address without one.
        email: Where e-mail reaches the person; empty for nowhere.
        roles: What the person is to the ticket.
    """

    user_id: Any = None
    email: str = ""
    roles: set[Role] = field(default_factory=set)


def recipients_for(event: TicketEvent, mentioned: Collection[Any] = ()) -> list[Recipient]:
    """Find whom an event concerns, as far as they may know of it.

    Args:
        event: What happened, in the database where it is.
        mentioned: Keys of the accounts that its text mentions and that may read it.

    Returns:
        Each person once, with every role that they have.
    """
    kinds = kinds_of(event)
    if NotificationKind.NEW in kinds:
        return _recipients_of_new_ticket(event, mentioned)
    return _recipients_of_change(event, kinds, mentioned)


def _recipients_of_new_ticket(event: TicketEvent, mentioned: Collection[Any]) -> list[Recipient]:
    using = event.database
    people: dict[Any, Recipient] = {}
    strangers = []
    for developer in _developers(using):
        if developer.user_id is None:
            strangers.append(developer)
        else:
            people[developer.user_id] = developer
    managers = holders(policy.permission("delete"), using)
    for user_id in managers:
        people.setdefault(user_id, Recipient(user_id=user_id)).roles.add(Role.MANAGER)
    for user_id in set(mentioned) - {event.actor_id}:
        people.setdefault(user_id, Recipient(user_id=user_id)).roles.add(Role.MENTIONED)
    if not help_desk_settings.NOTIFY_CREATORS_OF_OWN_TICKETS:
        people.pop(event.actor_id, None)
    return [*people.values(), *strangers]


def _recipients_of_change(
    event: TicketEvent, kinds: Collection[NotificationKind], mentioned: Collection[Any]
) -> list[Recipient]:
    if not kinds:
        return []
    using = event.database
    people: dict[Any, Recipient] = {}

    def add(user_ids: Collection[Any], role: Role) -> None:
        for user_id in user_ids:
            people.setdefault(user_id, Recipient(user_id=user_id)).roles.add(role)

    ticket = event.ticket
    add({ticket.created_by_id}, Role.CREATOR)
    add({ticket.assigned_to_id}, Role.ASSIGNEE)
    # Whoever had the ticket until now hears that somebody else has it.
    add({_previous_assignee(event)}, Role.FOLLOWER)
    add(mentioned, Role.MENTIONED)
    rows = TicketFollower.objects.using(using).filter(ticket_id=ticket.pk)
    follows = dict(rows.values_list("user_id", "is_muted"))
    add([user_id for user_id, is_muted in follows.items() if not is_muted], Role.FOLLOWER)
    concerned = rules()
    if any(concerned[kind][Role.MANAGER] for kind in kinds):
        add(holders(policy.permission("delete"), using), Role.MANAGER)
    if any(concerned[kind][Role.DEVELOPER] for kind in kinds):
        add({found.user_id for found in _developers(using)}, Role.DEVELOPER)

    muted = {user_id for user_id, is_muted in follows.items() if is_muted}
    candidates = people.keys() - muted - {None, event.actor_id}
    internal = NotificationKind.NOTE in kinds
    seeing = policy.viewers(ticket, candidates, using, internal=internal)
    return [person for user_id, person in people.items() if user_id in seeing]


def _previous_assignee(event: TicketEvent) -> Any:
    """Read the key of who had the ticket before the event, as the database has it."""
    old, _new = event.changes.get("assigned_to", (None, None))
    return None if old is None else get_user_model()._meta.pk.to_python(old)


def add_addresses(people: Collection[Recipient], using: str) -> None:
    """Look up where e-mail reaches people.

    Args:
        people: Those whose address is not known yet; it is put on them.
        using: Alias of the database.
    """
    email_field = _email_field()
    by_id = {person.user_id: person for person in people if person.user_id is not None}
    if not by_id or email_field is None:
        return
    accounts = get_user_model()._default_manager.using(using).filter(pk__in=by_id)
    for user_id, address in accounts.values_list("pk", email_field):
        by_id[user_id].email = address or ""


def is_developer(user: Any) -> bool:
    """Say whether an account's address is in `settings.ADMINS`.

    Args:
        user: The account.

    Returns:
        Whether it is, whatever the case of the letters.
    """
    email_field = _email_field()
    address = "" if email_field is None else getattr(user, email_field) or ""
    return address.lower() in {found.lower() for found in developer_addresses()}


def developer_addresses() -> list[str]:
    """Read the addresses in `settings.ADMINS`.

    Returns:
        Each address once (whatever the case of its letters), as it is written there;
        entries may be `(name, address)` pairs, as until Django 5.2, or plain strings,
        with or without a name before the address.
    """
    addresses: dict[str, str] = {}
    for entry in settings.ADMINS:
        address = address_in(entry)
        if "@" in address:
            addresses.setdefault(address.lower(), address)
    return list(addresses.values())


def address_in(entry: object) -> str:
    """Read one entry of `settings.ADMINS`.

    Args:
        entry: An address, with or without a name before it, or a pair of name and
            address.

    Returns:
        The address; empty where the entry holds none.
    """
    text = entry[-1] if isinstance(entry, (list, tuple)) and entry else entry
    return parseaddr(text)[1] if isinstance(text, str) else ""


def _developers(using: str) -> Iterator[Recipient]:
    addresses = {address.lower(): address for address in developer_addresses()}
    without_account = dict(addresses)
    email_field = _email_field()
    if addresses and email_field is not None:
        accounts = (
            get_user_model()
            ._default_manager.using(using)
            .annotate(help_desk_email=Lower(email_field))
            .filter(help_desk_email__in=addresses)
            .order_by("pk")
        )
        for account in accounts:
            address = getattr(account, email_field)
            if address.lower() not in addresses:
                continue  # a database may hold letters with and without accents for equal
            without_account.pop(address.lower(), None)
            if account.is_active:
                yield Recipient(user_id=account.pk, email=address, roles={Role.DEVELOPER})
    for address in without_account.values():
        yield Recipient(email=address, roles={Role.DEVELOPER})


def _email_field() -> str | None:
    """Name the account's e-mail field, if the host's user model has one."""
    user_model = get_user_model()
    name = user_model.get_email_field_name()
    try:
        user_model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return name
