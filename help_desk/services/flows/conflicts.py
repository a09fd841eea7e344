"""Edit conflicts: versions of a ticket, and merging concurrent changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from help_desk.exceptions import FieldConflict, TicketConflictError
from help_desk.models import TicketEvent
from help_desk.models.event import old_and_new_values
from help_desk.services.flows.locking import database_of
from help_desk.text.plain_text import normalize_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from help_desk.models import HelpDeskTicket
    from help_desk.querysets import TicketEventQuerySet


def version_of(ticket: HelpDeskTicket) -> int:
    """Return the ID of the ticket's latest event; 0 if it has none."""
    return _events(ticket).newest_first().values_list("pk", flat=True).first() or 0


def values_at(ticket: HelpDeskTicket, version: int) -> dict[str, Any]:
    """Return what the fields that changed since a version were at that version."""
    values: dict[str, Any] = {}
    events = _events(ticket).filter(pk__gt=version).oldest_first()
    for changes in events.values_list("changes", flat=True):
        for field, (old, _new) in old_and_new_values(changes).items():
            values.setdefault(field, old)
    return values


def merge(
    ticket: HelpDeskTicket, base_version: int, submitted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the submitted values that the user changed.

    Raises TicketConflictError if another user changed one of them to another value. Call it
    while the ticket is locked.
    """
    base_values = values_at(ticket, base_version)
    changed: dict[str, Any] = {}
    updated_by_others: dict[str, Any] = {}
    conflicts = []
    for field, value in submitted.items():
        current = getattr(ticket, field)
        theirs, mine = comparable(current), comparable(value)
        base = comparable(base_values[field]) if field in base_values else theirs
        if theirs in {base, mine}:
            changed[field] = value
        elif mine != base:
            conflicts.append(
                FieldConflict(
                    field=field, base=base_values[field], current=current, submitted=value
                )
            )
        else:
            updated_by_others[field] = current
    if conflicts:
        raise TicketConflictError(
            conflicts, version=version_of(ticket), updated_by_others=updated_by_others
        )
    return changed


def comparable(value: Any) -> Any:
    """Return a value as events store it, without what forms do to the whitespace of texts."""
    key = getattr(value, "pk", value)
    stored = key if key is None or isinstance(key, (bool, int, str)) else str(key)
    return normalize_text(stored) if isinstance(stored, str) else stored


def _events(ticket: HelpDeskTicket) -> TicketEventQuerySet:
    return TicketEvent.objects.using(database_of(ticket)).filter(ticket_id=ticket.pk)
