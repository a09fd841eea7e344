"""Who may do what: the one place that decides.

Views, templates and whoever tells people ask here; `controller` asks for a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import auth
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldError
from django.db.models import QuerySet

from help_desk.conf import help_desk_settings
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

    from help_desk.querysets import HelpDeskTicketQuerySet

    Requester = AbstractBaseUser | AnonymousUser

APP_LABEL = "django_spire_help_desk"


def permission(action: str) -> str:
    """Name the permission for an action on tickets.

    Args:
        action: `add`, `change`, `delete` or `view`.

    Returns:
        The name as `has_perm` takes it.
    """
    return f"{APP_LABEL}.{action}_helpdeskticket"


def may(user: Requester, action: str) -> bool:
    """Say whether somebody may do something to tickets.

    Args:
        user: Whoever asks.
        action: `add`, `change`, `delete` or `view`.

    Returns:
        Whether they hold Django's permission for it.
    """
    return user.has_perm(permission(action))  # type: ignore[union-attr]


def may_view_some(user: Requester) -> bool:
    """Say whether there can be any ticket that somebody may see.

    Args:
        user: Whoever asks.

    Returns:
        Whether they hold the view permission, or see what they filed themselves.
    """
    sees_own = user.is_authenticated and help_desk_settings.CREATORS_SEE_OWN_TICKETS
    return sees_own or may(user, "view")


def may_view(user: Requester, ticket: HelpDeskTicket) -> bool:
    """Say whether somebody may see a ticket.

    Args:
        user: Whoever asks.
        ticket: The ticket.

    Returns:
        Whether they hold the view permission, or filed it and the host lets them.
    """
    return may(user, "view") or sees_as_creator(user, ticket)


def sees_as_creator(user: Requester, ticket: HelpDeskTicket) -> bool:
    """Say whether somebody may see a ticket because they filed it.

    Args:
        user: Whoever asks.
        ticket: The ticket.

    Returns:
        Whether they filed it and the host lets creators see their tickets.
    """
    return (
        help_desk_settings.CREATORS_SEE_OWN_TICKETS
        and user.is_authenticated
        and ticket.created_by_id == user.pk
    )


def visible_tickets(user: Requester) -> HelpDeskTicketQuerySet:
    """Collect the tickets that somebody may see.

    Args:
        user: Whoever asks.

    Returns:
        Tickets that are not deleted.
    """
    tickets = HelpDeskTicket.objects.not_deleted()
    if may(user, "view"):
        return tickets
    if may_view_some(user):
        return tickets.filter(created_by_id=user.pk)
    return tickets.none()


def may_see_internal(user: Requester) -> bool:
    """Say whether somebody may read and write internal notes.

    Args:
        user: Whoever asks.

    Returns:
        Whether they hold the change permission.
    """
    return may(user, "change")


def holders(action: str, using: str, among: Collection[Any] | None = None) -> set[Any]:
    """Find the active accounts that hold a permission on tickets.

    Every authentication backend that can enumerate holders is asked once
    (https://docs.djangoproject.com/en/stable/topics/auth/customizing/); one that cannot
    is asked about each account of `among`, if there is such a list.

    Args:
        action: `add`, `change`, `delete` or `view`.
        using: Alias of the database to ask.
        among: Keys of the accounts that matter; None for all.

    Returns:
        Keys of accounts.
    """
    if among is not None and not among:
        return set()
    found: set[Any] = set()
    mute_backends = []
    for backend in auth.get_backends():
        with_perm = getattr(backend, "with_perm", None)
        if with_perm is None:
            mute_backends.append(backend)
            continue
        try:
            permitted = with_perm(permission(action), is_active=True, include_superusers=True)
        except (FieldError, NotImplementedError):
            # Django's own backend, with a user model that has neither groups nor
            # permissions; or a backend that says it cannot.
            mute_backends.append(backend)
            continue
        found |= _active_ids(permitted, using, among)
    if among is not None and mute_backends:
        found |= _asked_one_by_one(mute_backends, action, using, set(among) - found)
    return found


def _active_ids(permitted: Iterable[Any], using: str, among: Collection[Any] | None) -> set[Any]:
    if isinstance(permitted, QuerySet):
        accounts = permitted.using(using).order_by()
        if among is not None:
            accounts = accounts.filter(pk__in=among)
        return set(accounts.values_list("pk", flat=True))
    ids = {account.pk for account in permitted if account.is_active}
    return ids if among is None else ids & set(among)


def _asked_one_by_one(
    backends: Iterable[Any], action: str, using: str, among: Collection[Any]
) -> set[Any]:
    able = [backend for backend in backends if hasattr(backend, "has_perm")]
    if not able or not among:
        return set()
    accounts = get_user_model()._default_manager.using(using).filter(pk__in=among)
    return {
        account.pk
        for account in accounts
        if account.is_active
        and any(backend.has_perm(account, permission(action)) for backend in able)
    }


def viewers(
    ticket: HelpDeskTicket, among: Collection[Any], using: str, *, internal: bool = False
) -> set[Any]:
    """Find who of some people may see a ticket.

    Args:
        ticket: The ticket.
        among: Keys of accounts.
        using: Alias of the database to ask.
        internal: Whether they must be allowed to see internal notes, too.

    Returns:
        Keys of active accounts.
    """
    found = holders("view", using, among)
    if help_desk_settings.CREATORS_SEE_OWN_TICKETS and ticket.created_by_id in among:
        found |= {ticket.created_by_id}
    return found & holders("change", using, found) if internal else found
