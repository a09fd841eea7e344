"""Changing what one saw, and not what somebody else made of it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.text import normalize_newlines

from help_desk.exceptions import TicketConflictError
from help_desk.models import TicketEvent
from help_desk.services.ticket_service import TicketService

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket


@dataclass(frozen=True, kw_only=True)
class FieldConflict:
    """One field that two people changed to different values.

    Attributes:
        field: Its name.
        drawn: What the form showed when it was drawn, as events keep it: of an account
            the key.
        current: What the ticket says now.
        wanted: What the second person wants.
    """

    field: str
    drawn: Any
    current: Any
    wanted: Any


class VersionMethods(TicketService):
    """Versions of a ticket, and what changed since one."""

    @property
    def version(self) -> int:
        """What changes whenever the ticket does: the number of its latest event."""
        events = TicketEvent.objects.using(self._using).filter(ticket_id=self.obj.pk)
        return events.order_by("-pk").values_list("pk", flat=True).first() or 0

    def _merge(
        self, ticket: HelpDeskTicket, drawn_from: int, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """Keep the new values that are meant, if nobody means something else.

        Called while the ticket is held.
        """
        drawn = self.values_at(drawn_from)
        meant: dict[str, Any] = {}
        conflicts = []
        left_alone: dict[str, Any] = {}
        for field, wanted in fields.items():
            current = getattr(ticket, field)
            now, wish = _comparable(current), _comparable(wanted)
            then = _comparable(drawn[field]) if field in drawn else now
            if now in {then, wish}:
                meant[field] = wanted
            elif wish != then:
                conflicts.append(
                    FieldConflict(field=field, drawn=drawn[field], current=current, wanted=wanted)
                )
            else:
                left_alone[field] = current
        if conflicts:
            raise TicketConflictError(conflicts, version=self.version, left_alone=left_alone)
        return meant

    def values_at(self, version: int) -> dict[str, Any]:
        """Say what the fields that changed since a version were at that version.

        Args:
            version: The version.

        Returns:
            Field name to the value of then; fields that did not change since are not there.
        """
        events = TicketEvent.objects.using(self._using).filter(
            ticket_id=self.obj.pk, pk__gt=version
        )
        then: dict[str, Any] = {}
        for changes in events.order_by("pk").values_list("changes", flat=True):
            for field, (old, _new) in changes.items():
                then.setdefault(field, old)
        return then


def _comparable(value: Any) -> Any:
    """Make values that mean the same equal: forms change line ends and margins of texts."""
    said = _plain(value)
    return normalize_newlines(said).strip() if isinstance(said, str) else said


def _plain(value: Any) -> Any:
    """Say a value as an event keeps it: one that JSON knows; the key of an account."""
    key = getattr(value, "pk", value)
    return key if key is None or isinstance(key, (bool, int, str)) else str(key)
