"""System checks of the host's own rules of who hears what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error, Tags, register

from help_desk.conf import help_desk_settings
from help_desk.enums import NotificationKind, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

ROLES_AT_CREATION = (Role.MANAGER, Role.DEVELOPER)
"""The only ones that anybody has when a ticket is new."""


def register_rule_checks() -> None:
    """Hand the check to Django."""
    register(check_rules, Tags.compatibility)


def check_rules(**kwargs: Any) -> list[CheckMessage]:
    """See whether the setting `NOTIFICATION_RULES` means something.

    Args:
        **kwargs: What Django hands to every check.

    Returns:
        E112 for each rule that does not.
    """
    rules: object = help_desk_settings.NOTIFICATION_RULES
    if not isinstance(rules, dict):
        return []  # E102 speaks of that
    return [
        Error(
            f"HELP_DESK['NOTIFICATION_RULES']{place} is no rule: {problem}",
            hint='Write such as {"reply": {"manager": ["in_app"]}}.',
            id="help_desk.E112",
        )
        for kind, by_role in rules.items()
        for place, problem in _problems_of_kind(kind, by_role)
    ]


def _problems_of_kind(kind: object, by_role: object) -> Iterator[tuple[str, str]]:
    place = f"[{kind!r}]"
    if kind not in NotificationKind.values:
        yield place, f"write one of {', '.join(NotificationKind.values)}."
    elif not isinstance(by_role, dict):
        yield place, f"{by_role!r} is not a dict of roles."
    else:
        roles = ROLES_AT_CREATION if kind == NotificationKind.NEW else tuple(Role)
        for role, channels in by_role.items():
            if role not in roles:
                yield f"{place}[{role!r}]", f"write one of {', '.join(roles)}."
            elif not _are_names(channels):
                yield f"{place}[{role!r}]", f"{channels!r} is not a list of names of channels."


def _are_names(channels: object) -> bool:
    return isinstance(channels, (list, tuple, set, frozenset)) and all(
        isinstance(name, str) for name in channels
    )
