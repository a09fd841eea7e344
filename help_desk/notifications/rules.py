"""Who hears of what by which channel, where nobody says otherwise.

The one table of it; the documentation's table is made from this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.channels.registry import active_channels
from help_desk.conf import help_desk_settings
from help_desk.enums import NotificationKind, Role, TicketEventType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from help_desk.models import TicketEvent

    Rules = Mapping[NotificationKind, Mapping[Role, frozenset[str]]]

_IN_APP = frozenset({"in_app"})
_BOTH = frozenset({"in_app", "email"})

RULES: Rules = {
    NotificationKind.NEW: {Role.DEVELOPER: _BOTH, Role.MANAGER: _IN_APP},
    NotificationKind.REPLY: {Role.CREATOR: _BOTH, Role.ASSIGNEE: _BOTH, Role.FOLLOWER: _BOTH},
    NotificationKind.NOTE: {Role.CREATOR: _BOTH, Role.ASSIGNEE: _BOTH, Role.FOLLOWER: _BOTH},
    NotificationKind.ASSIGNMENT: {
        Role.CREATOR: _IN_APP,
        Role.ASSIGNEE: _BOTH,
        Role.FOLLOWER: _IN_APP,
    },
    NotificationKind.STATUS: {
        Role.CREATOR: _BOTH,
        Role.ASSIGNEE: _BOTH,
        Role.FOLLOWER: _IN_APP,
    },
    NotificationKind.PRIORITY: {
        Role.ASSIGNEE: _BOTH,
        Role.FOLLOWER: _IN_APP,
        Role.MANAGER: _IN_APP,
    },
    NotificationKind.MENTION: {Role.MENTIONED: _BOTH},
}

_KIND_OF_FIELD = {
    "assigned_to": NotificationKind.ASSIGNMENT,
    "status": NotificationKind.STATUS,
    "priority": NotificationKind.PRIORITY,
}


def rules() -> Rules:
    """Read the table with the host's own rules over it.

    Returns:
        Kind to role to names of channels: for each pair what `NOTIFICATION_RULES` says,
        else what the table and the channels themselves say.
    """
    overrides = help_desk_settings.NOTIFICATION_RULES
    channels = active_channels()

    def default(kind: NotificationKind, role: Role) -> set[str]:
        names = {channel.name for channel in channels if channel.wants(kind, role)}
        return names | RULES[kind].get(role, frozenset())

    return {
        kind: {
            role: frozenset(overrides.get(kind, {}).get(role, default(kind, role))) for role in Role
        }
        for kind in RULES
    }


def kinds_of(event: TicketEvent) -> set[NotificationKind]:
    """Say what people can be told of an event.

    Args:
        event: What happened.

    Returns:
        Its kinds; none for what nobody is told of, such as a corrected description.
    """
    if event.type == TicketEventType.NEW:
        return {NotificationKind.NEW} | _mention_in(event)
    kinds = {_KIND_OF_FIELD[field] for field in event.changes.keys() & _KIND_OF_FIELD.keys()}
    if event.type == TicketEventType.COMMENT and event.comment is not None:
        is_internal = event.comment.is_internal
        kinds.add(NotificationKind.NOTE if is_internal else NotificationKind.REPLY)
        kinds |= _mention_in(event)
    return kinds


def _mention_in(event: TicketEvent) -> set[NotificationKind]:
    return {NotificationKind.MENTION} if event.names else set()
