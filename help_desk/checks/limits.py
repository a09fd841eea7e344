"""The limits per hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error

from help_desk.conf import HelpDeskSettings, help_desk_settings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

LIMITS = (
    HelpDeskSettings.MAX_MENTIONS_PER_HOUR,
    HelpDeskSettings.MAX_REPLIES_PER_HOUR,
    HelpDeskSettings.MAX_TICKETS_PER_HOUR,
)


def check_limits(**kwargs: Any) -> list[CheckMessage]:
    """Check that each limit is a positive number or None."""
    values = {setting.name: getattr(help_desk_settings, setting.name) for setting in LIMITS}
    return [
        Error(
            f"HELP_DESK[{name!r}] must be at least 1, not {value!r}.",
            hint="For example: 20. Use None for no limit.",
            id="help_desk.E130",
        )
        for name, value in values.items()
        # Another check reports other types.
        if isinstance(value, int) and not isinstance(value, bool) and value < 1
    ]
