"""The ways in which people are told.

Hosts that make their own find what they need here: `Channel`, and what it says of its
messages.
"""

from __future__ import annotations

from help_desk.channels.base import (
    Channel,
    ChannelUnavailableError,
    NotSentError,
    SendResult,
)
from help_desk.channels.registry import active_channels

__all__ = ["Channel", "ChannelUnavailableError", "NotSentError", "SendResult", "active_channels"]
