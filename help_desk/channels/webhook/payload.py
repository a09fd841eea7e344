"""An event as data, for programs: what webhooks send.

`docs/howto/receive_webhooks.md` explains it to whoever receives it. Within one `VERSION`,
fields may join, and none changes its meaning or goes.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.urls import NoReverseMatch
from django.utils import timezone

from help_desk.content.links import absolute_url, ticket_path
from help_desk.content.wording import display_name
from help_desk.models import TicketEvent
from help_desk.models.ticket import TRACKED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

VERSION = 1

PERSON_FIELD = "assigned_to"


class Payloads:
    """What some events look like to programs, however late they are asked."""

    def __init__(self, events: Sequence[TicketEvent], using: str | None) -> None:
        """Read what belongs to the events, in as many queries for many as for one.

        Args:
            events: Events with their ticket, actor and comment.
            using: Alias of the database.
        """
        self._values = {event.pk: values for event, values in _values_at(events, using)}
        self._names = _names(events, self._values.values(), using)

    def of(self, event: TicketEvent, kinds: Sequence[str], *, with_text: bool) -> dict[str, Any]:
        """Put an event into data that JSON knows.

        Args:
            event: One of the events.
            kinds: What the receiver is to know that it is.
            with_text: Whether the receiver may read the comment.

        Returns:
            The data; the same at every attempt.
        """
        ticket = event.ticket
        changes = {
            field: [self._plain(field, old), self._plain(field, new)]
            for field, (old, new) in event.changes.items()
            if field != "text"
        }
        text = event.changes["text"][1] if with_text and "text" in event.changes else None
        actor = None if event.actor is None else _person(event.actor_id, _name(event.actor))
        return {
            "version": VERSION,
            "event": {
                "id": event.pk,
                "kinds": list(kinds),
                "created_at": _moment(event.created_datetime),
                "actor": actor,
                "changes": changes,
                "text": text,
            },
            "ticket": {
                "number": ticket.pk,
                "url": _url(ticket.pk),
                "created_at": _moment(ticket.created_datetime),
                "fields": {
                    field: self._plain(field, value)
                    for field, value in self._values[event.pk].items()
                },
            },
        }

    def _plain(self, field: str, value: Any) -> Any:
        if field != PERSON_FIELD or value is None:
            return value
        return _person(value, self._names.get(str(value)))


def _values_at(
    events: Sequence[TicketEvent], using: str | None
) -> list[tuple[TicketEvent, dict[str, Any]]]:
    """Say what each event's ticket said right after it: as it is, less what came later."""
    if not events:
        return []
    later = TicketEvent.objects.using(using).filter(
        ticket_id__in={event.ticket_id for event in events},
        pk__gt=min(event.pk for event in events),
    )
    since = list(later.order_by("-pk").values_list("pk", "ticket_id", "changes"))
    result = []
    for event in events:
        values = {field: _key(event.ticket, field) for field in TRACKED_FIELDS}
        for pk, ticket_id, changes in since:
            if ticket_id == event.ticket_id and pk > event.pk:
                values |= {field: old for field, (old, _new) in changes.items() if field in values}
        result.append((event, values))
    return result


def _key(ticket: Any, field: str) -> Any:
    return getattr(ticket, ticket._meta.get_field(field).attname)


def _names(
    events: Sequence[TicketEvent], values: Collection[Mapping[str, Any]], using: str | None
) -> dict[str, str | None]:
    """Look up the names of the people whom fields hold."""
    keys = {fields[PERSON_FIELD] for fields in values}
    keys |= {key for event in events for key in event.changes.get(PERSON_FIELD, ())}
    keys.discard(None)
    if not keys:
        return {}
    accounts = get_user_model()._default_manager.using(using).filter(pk__in=keys)
    return {str(account.pk): _name(account) for account in accounts}


def _name(account: Any) -> str | None:
    """Name a person; None where the only name is an e-mail address, which is not told."""
    name = display_name(account)
    return None if "@" in name else name


def _person(key: Any, name: str | None) -> dict[str, str | None]:
    return {"id": str(key), "name": name}


def _moment(moment: datetime) -> str:
    """Write a moment with its offset (RFC 3339); without time zones it is the site's time."""
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return aware.astimezone(UTC).isoformat()


def _url(ticket_id: int) -> str | None:
    try:
        return absolute_url(ticket_path(ticket_id))
    except NoReverseMatch:
        return None
