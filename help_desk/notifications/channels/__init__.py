"""The ways in which people are told.

Hosts that make their own find what they need here: `Channel`, and what it says of its
messages.
"""

from __future__ import annotations

from django.utils.module_loading import import_string

from help_desk.conf import help_desk_settings
from help_desk.notifications.channels.channel import (
    Channel,
    ChannelUnavailableError,
    NotSentError,
    Outcome,
)

__all__ = ["Channel", "ChannelUnavailableError", "NotSentError", "Outcome", "active_channels"]


def active_channels() -> list[Channel]:
    """Make the channels that the setting `CHANNELS` names.

    Returns:
        One instance of each class, in the setting's order.

    Raises:
        ImportError: A path names no class.
    """
    return [import_string(path)() for path in help_desk_settings.CHANNELS]
