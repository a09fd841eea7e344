"""The ways in which people are told.

Hosts that make their own find what they need here: `Channel`, and what it says of its
messages.
"""

from __future__ import annotations

from help_desk.notifications.channel_list import active_channels
from help_desk.notifications.channels.channel import (
    Channel,
    ChannelUnavailableError,
    NotSentError,
    Outcome,
)

__all__ = ["Channel", "ChannelUnavailableError", "NotSentError", "Outcome", "active_channels"]
