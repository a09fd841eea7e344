"""The channels in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from help_desk.channels.base import Channel


def active_channels() -> list[Channel]:
    """Return an instance of each channel class in the setting `CHANNELS`, in its order."""
    return [import_string(path)() for path in help_desk_settings.CHANNELS]
