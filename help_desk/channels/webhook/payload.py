"""The payload of webhooks: an event as JSON data.

`docs/howto/receive_webhooks.md` describes it. Within one `VERSION`, fields may be added, but not
removed or changed in meaning.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from help_desk.content.links import ticket_url
from help_desk.content.wording import USER_FIELD, display_name, user_ids_in, users_by_id
from help_desk.models import TicketEvent
from help_desk.models.event import old_and_new_values
from help_desk.models.ticket import TRACKED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

VERSION = 1


class Payloads:
    """The payloads of some events; they are the same at every attempt."""

    def __init__(self, events: Sequence[TicketEvent], using: str | None) -> None:
        """Read what the payloads need, by a number of queries that does not grow with them.

        Args:
            events: Events with their ticket, actor and comment.
            using: The alias of their database.
        """
        self._values = _values_after(events, using)
        user_ids = {values[USER_FIELD] for values in self._values.values()} - {None}
        users = users_by_id(user_ids_in(events) | set(map(str, user_ids)), using)
        self._names = {user_id: _public_name(user) for user_id, user in users.items()}

    def of(
        self, event: TicketEvent, kinds: Sequence[str], *, includes_text: bool
    ) -> dict[str, Any]:
        """Return the payload of one of the events.

        Args:
            event: The event.
            kinds: The kinds of the event that may be sent to the receiver.
            includes_text: Whether the receiver may read the comment.
        """
        ticket, actor = event.ticket, None
        if event.actor is not None:
            actor = _user(event.actor.pk, _public_name(event.actor))
        return {
            "version": VERSION,
            "event": {
                "id": event.pk,
                "kinds": list(kinds),
                "created_at": _timestamp(event.created_datetime),
                "actor": actor,
                "changes": {
                    field: [self._value(field, old), self._value(field, new)]
                    for field, (old, new) in event.values.items()
                    if field != "text"
                },
                "text": event.new_value("text") if includes_text else None,
            },
            "ticket": {
                "number": ticket.pk,
                "url": ticket_url(ticket),
                "created_at": _timestamp(ticket.created_datetime),
                "fields": {
                    field: self._value(field, value)
                    for field, value in self._values[event.pk].items()
                },
            },
        }

    def _value(self, field: str, value: Any) -> Any:
        if field != USER_FIELD or value is None:
            return value
        return _user(value, self._names.get(str(value)))


def _values_after(events: Sequence[TicketEvent], using: str | None) -> dict[int, dict[str, Any]]:
    """Return event ID to the ticket's values after it: the current ones, minus later changes."""
    later = TicketEvent.objects.using(using).filter(
        ticket_id__in={event.ticket_id for event in events},
        pk__gt=min((event.pk for event in events), default=0),
    )
    newest_first = list(later.newest_first().values_list("pk", "ticket_id", "changes"))
    values_by_event = {}
    for event in events:
        values = {field: _stored_value(event.ticket, field) for field in TRACKED_FIELDS}
        for pk, ticket_id, changes in newest_first:
            if ticket_id == event.ticket_id and pk > event.pk:
                old_values = old_and_new_values(changes).items()
                values |= {field: old for field, (old, _new) in old_values if field in values}
        values_by_event[event.pk] = values
    return values_by_event


def _stored_value(ticket: Any, field: str) -> Any:
    return getattr(ticket, ticket._meta.get_field(field).attname)


def _public_name(user: Any) -> str | None:
    """Return the display name, or None if it is an email address, which is not sent."""
    name = display_name(user)
    return None if "@" in name else name


def _user(user_id: Any, name: str | None) -> dict[str, str | None]:
    return {"id": str(user_id), "name": name}


def _timestamp(value: datetime) -> str:
    """Return a date and time in UTC (RFC 3339); a naive one is in the site's time zone."""
    aware = timezone.make_aware(value) if timezone.is_naive(value) else value
    return aware.astimezone(UTC).isoformat()
