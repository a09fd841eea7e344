"""Which roles are notified of which kind of event, through which channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from help_desk.channels import active_channels
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
"""The defaults; the table in `docs/topics/notifications.md` is compared with them."""

_KIND_OF_FIELD = {
    "assigned_to": NotificationKind.ASSIGNMENT,
    "status": NotificationKind.STATUS,
    "priority": NotificationKind.PRIORITY,
}


def rules() -> Rules:
    """Return kind to role to channel names: the defaults, overridden by the host's settings."""
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


def kinds_of(event: TicketEvent, *, has_mentions: bool) -> set[NotificationKind]:
    """Return the kinds of an event; none if no one is notified of it, such as of an edit."""
    mention = {NotificationKind.MENTION} if has_mentions else set()
    if event.type == TicketEventType.NEW:
        return {NotificationKind.NEW} | mention
    kinds = {_KIND_OF_FIELD[field] for field in event.changes.keys() & _KIND_OF_FIELD.keys()}
    if event.type == TicketEventType.COMMENT:
        kinds.add(NotificationKind.NOTE if event.is_internal else NotificationKind.REPLY)
        kinds |= mention
    return kinds
