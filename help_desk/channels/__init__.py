"""How notifications are sent. Import from here to write a channel of your own."""

from __future__ import annotations

from help_desk.channels.base import (
    Channel,
    ChannelUnavailableError,
    NotSentError,
    Recipient,
    SendResult,
)
from help_desk.channels.registry import active_channels

__all__ = [
    "Channel",
    "ChannelUnavailableError",
    "NotSentError",
    "Recipient",
    "SendResult",
    "active_channels",
]
