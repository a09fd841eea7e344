"""The objects that the tests of authorization request, and what a request changed."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connections, transaction
from django.utils import timezone

from help_desk.content.unsubscribe import Scope, Unsubscription, token_for
from help_desk.models import Notification, TicketComment, TicketEvent
from tests.support.factories import TicketFactory, UserFactory

if TYPE_CHECKING:
    from collections.abc import Iterator

APP_LABEL = "django_spire_help_desk"
UNKNOWN = 10**9

TEXT = "Confidential: my badge was stolen."
NOTE = "Between us: the lock was picked."

PERMISSIONS: dict[str, tuple[str, ...]] = {
    "out": (),
    "none": (),
    "add": ("add",),
    "view": ("view",),
    "chg": ("change",),
    "del": ("delete",),
    "agnt": ("add", "change", "view"),
    "mngr": ("add", "change", "delete", "view"),
    "own": ("add",),
}
"""Column of `authorization.PAGES` to the permissions of its user."""


def grant(user: Any, *actions: str, models: tuple[str, ...] = ("helpdeskticket",)) -> Any:
    """Grant permissions, and return the user without Django's permission cache."""
    wanted = [f"{action}_{model}" for action in actions for model in models]
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label=APP_LABEL, codename__in=wanted)
    )
    return type(user)._default_manager.get(pk=user.pk)


def objects_for(user: Any) -> dict[str, dict[str, Any]]:
    """Create every object of `authorization.OBJECTS` for a user; return the URL's arguments."""
    other = UserFactory(name="somebody-else")
    tickets = {name: TicketFactory(created_by=user) for name in ("own", "deleted")}
    tickets["others"] = TicketFactory(created_by=other, description=TEXT)

    def comment(ticket: str, author: Any, **values: Any) -> TicketComment:
        return TicketComment.objects.create(
            ticket=tickets[ticket], author=author, **{"text": "Hello.", **values}
        )

    long_ago = timezone.now() - timedelta(days=1)
    comments = {
        "own-reply": comment("own", user),
        "old-reply": comment("own", user, created_datetime=long_ago),
        "far-reply": comment("others", user),
        "gone-reply": comment("deleted", user),
        "own-note": comment("own", user, text=NOTE, is_internal=True),
        "their-reply": comment("own", other),
        "their-note": comment("own", other, text=NOTE, is_internal=True),
    }
    for row in comments.values():
        _record_comment(row)
    tickets["deleted"].set_deleted()
    events = TicketEvent.objects.filter(ticket=tickets["others"])
    note = comment("others", other, text=NOTE, is_internal=True)
    notifications = {
        "n-new": _notify(user, events.get(type="new")),
        "n-reply": _notify(user, events.get(comment=comments["far-reply"])),
        "n-note": _notify(user, _record_comment(note)),
        "n-gone": _notify(user, tickets["deleted"].events.oldest_first()[0]),
        "n-their": _notify(other, events.get(type="new")),
    }
    _notify(user, tickets["own"].events.get(type="new"))
    token = token_for(
        Unsubscription(user_id=str(other.pk), scope=Scope.TICKET, ticket_id=tickets["others"].pk)
    )
    return {
        "-": {},
        "unknown": {"pk": UNKNOWN},
        "valid": {"token": token},
        "forged": {"token": f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"},
        **{name: {"pk": row.pk} for name, row in {**tickets, **comments, **notifications}.items()},
    }


def _record_comment(comment: TicketComment) -> TicketEvent:
    return TicketEvent.objects.create(
        ticket=comment.ticket,
        type="comment",
        actor=comment.author,
        comment=comment,
        changes={"text": [None, comment.text]},
    )


def _notify(user: Any, event: TicketEvent) -> Notification:
    return Notification.objects.create(
        event=event, recipient=user, channel="in_app", status="sent", kinds=["new"]
    )


def snapshot() -> dict[str, list[Any]]:
    """Return every row of the help desk, by model."""
    models = apps.get_app_config(APP_LABEL).get_models()
    return {
        model.__name__: list(model._base_manager.order_by("pk").values_list()) for model in models
    }


def changed_models(before: dict[str, list[Any]]) -> set[str]:
    """Return the models whose rows differ from a snapshot."""
    after = snapshot()
    return {name for name, rows in after.items() if rows != before[name]}


@contextmanager
def undone() -> Iterator[None]:
    """Undo all that the block writes, in every database."""
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(transaction.atomic(using=alias))
        yield
        for alias in connections:
            transaction.set_rollback(True, using=alias)
