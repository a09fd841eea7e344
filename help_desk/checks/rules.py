"""The setting `NOTIFICATION_RULES`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error

from help_desk.conf import help_desk_settings
from help_desk.enums import NotificationKind, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

ROLES_AT_CREATION = (Role.MANAGER, Role.DEVELOPER)
"""The only roles that anyone can have for a new ticket."""


def check_rules(**kwargs: Any) -> list[CheckMessage]:
    """Check the kinds, roles and channels of the host's rules."""
    return [
        Error(
            f"HELP_DESK['NOTIFICATION_RULES']{key} is invalid: {problem}",
            hint="For example: {'reply': {'manager': ['in_app']}}.",
            id="help_desk.E112",
        )
        for kind, by_role in help_desk_settings.NOTIFICATION_RULES.items()
        for key, problem in _problems(kind, by_role)
    ]


def _problems(kind: object, by_role: object) -> Iterator[tuple[str, str]]:
    key = f"[{kind!r}]"
    if kind not in NotificationKind.values:
        yield key, f"the event must be one of {', '.join(NotificationKind.values)}."
    elif not isinstance(by_role, dict):
        yield key, f"{by_role!r} is not a dict of roles."
    else:
        roles = ROLES_AT_CREATION if kind == NotificationKind.NEW else tuple(Role)
        for role, channels in by_role.items():
            if role not in roles:
                yield f"{key}[{role!r}]", f"the role must be one of {', '.join(roles)}."
            elif not _are_names(channels):
                yield f"{key}[{role!r}]", f"{channels!r} is not a list of channel names."


def _are_names(channels: object) -> bool:
    return isinstance(channels, (list, tuple, set, frozenset)) and all(
        isinstance(name, str) for name in channels
    )
