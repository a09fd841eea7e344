"""The channels that are in use. By their paths: those of hosts import what they like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from help_desk.channels.base import Channel


def active_channels() -> list[Channel]:
    """Make the channels that the setting `CHANNELS` names.

    Returns:
        One instance of each class, in the setting's order.

    Raises:
        ImportError: A path names no class.
    """
    return [import_string(path)() for path in help_desk_settings.CHANNELS]
