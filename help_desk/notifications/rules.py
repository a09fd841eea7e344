"""Who hears of what by which channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.enums import TicketEventType
from help_desk.notifications.recipients import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANNELS_BY_ROLE: Mapping[str, Mapping[Role, frozenset[str]]] = {
    TicketEventType.NEW: {
        Role.DEVELOPER: frozenset({"in_app", "email"}),
        Role.MANAGER: frozenset({"in_app"}),
    },
}


def channels_for(event_type: str, roles: set[Role]) -> set[str]:
    """Say by which channels somebody hears of an event.

    Args:
        event_type: A value of `TicketEventType`.
        roles: What the person is to the ticket.

    Returns:
        Names of channels; each once, whatever the number of roles.
    """
    by_role = CHANNELS_BY_ROLE.get(event_type, {})
    return set().union(*(by_role.get(role, frozenset()) for role in roles))
