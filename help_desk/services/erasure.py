"""Erasing what the help desk stores about a user."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from help_desk.auth.user_model import email_of, has_user_field
from help_desk.models import (
    ChannelPause,
    EmailSchedule,
    HelpDeskTicket,
    Notification,
    NotificationPreference,
    TicketComment,
    TicketEvent,
    TicketFollower,
    TicketSubmission,
    UnsubscribedAddress,
)
from help_desk.text.mentions import replace_mentions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

BATCH_SIZE = 50
"""Rows that are rewritten by one statement. With the longest texts, it still fits into the packet
of 16 MB that MariaDB accepts by default."""

Change = Callable[[Any], Any]
Write = Callable[[list[Any], list[str]], object]


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """The numbers of rows that were changed or deleted, and what is left for a person to do.

    Attributes:
        created: Tickets that the user created.
        assigned: Tickets that were assigned to them.
        comments: Their replies and notes.
        events: Events of what they did.
        assignments: Events of assignments to or from them.
        mentions: Descriptions and comments that mentioned them.
        notifications: Their notifications, in the inbox and of other channels.
        unsent: How many of those were not sent yet.
        errors: Delivery errors that contained their email address.
        subscriptions: Tickets that they followed or muted.
        preferences: Their notification preferences, with the email frequency.
        tickets_to_review: IDs of tickets on which users typed their name or address.
    """

    created: int
    assigned: int
    comments: int
    events: int
    assignments: int
    mentions: int
    notifications: int
    unsent: int
    errors: int
    subscriptions: int
    preferences: int
    tickets_to_review: tuple[int, ...]


def erase_user(user: User, placeholder: User, *, using: str, delete: bool = False) -> Erasure:
    """Attribute a user's work to a placeholder and delete the rest of what is stored about them.

    Raises ProtectedError if the user is to be deleted, but other rows of the host refer to them.
    """
    tickets = HelpDeskTicket.objects.using(using)
    events = TicketEvent.objects.using(using)
    email = email_of(user)
    with transaction.atomic(using=using):
        created = tickets.filter(created_by_id=user.pk).update(created_by=placeholder)
        assigned = tickets.filter(assigned_to_id=user.pk).unassign()
        comments = TicketComment.objects.using(using).filter(author_id=user.pk)
        notifications, unsent = _delete_notifications(user, email, using)
        erasure = Erasure(
            created=created,
            assigned=assigned,
            comments=comments.update(author=placeholder),
            events=events.filter(actor_id=user.pk).write(actor=placeholder),
            assignments=_rewrite_assignments(user, placeholder, using),
            mentions=_rewrite_mentions(user, placeholder, using),
            notifications=notifications,
            unsent=unsent,
            errors=_rewrite_errors(email, placeholder, using),
            subscriptions=_delete(TicketFollower, user, using),
            preferences=sum(
                _delete(model, user, using) for model in (NotificationPreference, EmailSchedule)
            ),
            tickets_to_review=_tickets_naming(user, email, using),
        )
        # What is left has no meaning to people, so it is not counted.
        _delete(TicketSubmission, user, using)
        TicketFollower.objects.using(using).filter(added_by_id=user.pk).update(added_by=None)
        if email:
            UnsubscribedAddress.objects.using(using).filter(address__iexact=email).delete()
        if delete:
            user.delete(using=using)
    return erasure


def _delete(model: Any, user: User, using: str) -> int:
    deleted: int = model.objects.using(using).filter(user_id=user.pk).delete()[0]
    return deleted


def _delete_notifications(user: User, email: str, using: str) -> tuple[int, int]:
    """Delete the notifications; return how many there were, and how many were not sent."""
    own = Q(recipient_id=user.pk)
    if email:
        # A developer in ADMINS may have got an account, or changed the address, afterwards.
        own |= Q(recipient=None, address__iexact=email)
    rows = Notification.objects.using(using).filter(own)
    unsent = rows.waiting().count()
    return rows.remove(), unsent


def _rewrite_assignments(user: User, placeholder: User, using: str) -> int:
    old, new = _stored_id(user), _stored_id(placeholder)

    def change(changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
        pair = [new if value == old else value for value in changes["assigned_to"]]
        return {**changes, "assigned_to": pair}

    events = TicketEvent.objects.using(using)
    return _rewrite(events.assigning(old), "changes", change, events.write_each)


def _stored_id(user: User) -> Any:
    """Return the ID as events store it."""
    user_id: Any = user.pk
    return user_id if isinstance(user_id, int) else str(user_id)


def _rewrite_mentions(user: User, placeholder: User, using: str) -> int:
    """Mention the placeholder instead; return the number of descriptions and comments."""
    name, replacement = user.get_username(), placeholder.get_username()

    def change(text: str) -> str:
        return replace_mentions(text, name, replacement)

    def change_history(changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {
            field: [value and change(value) for value in pair]
            if field in {"description", "text"}
            else pair
            for field, pair in changes.items()
        }

    events = TicketEvent.objects.using(using)
    _rewrite(events.quoting(name), "changes", change_history, events.write_each)
    tickets = HelpDeskTicket.objects.using(using)
    comments = TicketComment.objects.using(using)
    return _rewrite(
        tickets.filter(description__icontains=name), "description", change, tickets.bulk_update
    ) + _rewrite(comments.filter(text__icontains=name), "text", change, comments.bulk_update)


def _rewrite_errors(email: str, placeholder: User, using: str) -> int:
    if not email:
        return 0
    address = re.compile(re.escape(email), re.IGNORECASE)
    notifications = Notification.objects.using(using)
    pauses = ChannelPause.objects.using(using)

    def change(error: str) -> str:
        return address.sub(lambda _match: placeholder.get_username(), error)

    return _rewrite(
        notifications.filter(error__icontains=email), "error", change, notifications.write_each
    ) + _rewrite(pauses.filter(error__icontains=email), "error", change, pauses.bulk_update)


def _rewrite(rows: QuerySet[Any], field: str, change: Change, write: Write) -> int:
    """Change a field of each row, batch by batch; return the number of changed rows."""
    rewritten, last = 0, 0
    values = rows.order_by("pk").values_list("pk", field)
    while batch := list(values.filter(pk__gt=last)[:BATCH_SIZE]):
        new = ((pk, old, change(old)) for pk, old in batch)
        changed = [rows.model(pk=pk, **{field: value}) for pk, old, value in new if value != old]
        write(changed, [field])
        rewritten += len(changed)
        last = batch[-1][0]
    return rewritten


def _tickets_naming(user: User, email: str, using: str) -> tuple[int, ...]:
    """Return the IDs of tickets whose texts contain a name or the address of a user."""
    names = {user.get_username(), email, str(getattr(user, "get_full_name", str)()).strip()} - {""}

    def contains(field: str) -> Q:
        condition = Q()
        for name in names:
            condition |= Q(**{f"{field}__icontains": name})
        return condition

    tickets = HelpDeskTicket.objects.using(using).filter(contains("description"))
    comments = TicketComment.objects.using(using).filter(contains("text"))
    found: Iterable[int] = tickets.values_list("pk", flat=True)
    return tuple(sorted({*found, *comments.values_list("ticket_id", flat=True)}))


def get_placeholder(name: str, *, using: str) -> User:
    """Return the user to whom the work of erased users is attributed; create it if missing.

    Raises ValidationError if it cannot be created, or can sign in.
    """
    user_model: Any = get_user_model()
    users = user_model._base_manager.using(using)
    with transaction.atomic(using=using):
        placeholder: User | None = users.filter(**{user_model.USERNAME_FIELD: name}).first()
        if placeholder is None:
            placeholder = _create_placeholder(name, using)
        can_sign_in = (
            placeholder.is_active
            if has_user_field("is_active")
            else placeholder.has_usable_password()
        )
        if can_sign_in:
            raise ValidationError(
                _("%(name)s is an active user. Use an inactive one as the placeholder."),
                code="active_placeholder",
                params={"name": repr(name)},
            )
    return placeholder


def _create_placeholder(name: str, using: str) -> Any:
    user_model: Any = get_user_model()
    values: dict[str, Any] = {user_model.USERNAME_FIELD: name}
    if has_user_field("is_active"):
        values["is_active"] = False
    placeholder = user_model(**values)
    placeholder.set_unusable_password()
    manager = user_model._default_manager.db_manager(using)
    try:
        placeholder.full_clean(validate_unique=False, validate_constraints=False)
        if hasattr(manager, "create_user"):
            return manager.create_user(**values)
    except (TypeError, ValueError, ValidationError) as error:
        raise ValidationError(
            _(
                "The user %(name)s cannot be created: %(reason)s. Create an inactive user for "
                "this purpose and name it with --placeholder USERNAME."
            ),
            code="no_placeholder",
            params={"name": repr(name), "reason": error},
        ) from error
    placeholder.save(using=using)
    return placeholder
