"""The setting `CHANNELS`, and the settings of the channels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error, Warning
from django.utils.module_loading import import_string

from help_desk.channels import Channel, active_channels
from help_desk.channels.webhook import WebhookChannel
from help_desk.conf import help_desk_settings
from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.core.checks import CheckMessage


def check_channels(**kwargs: Any) -> list[CheckMessage]:
    """Check each channel class, that names are unique, and what the channels check themselves."""
    messages = [message for path in help_desk_settings.CHANNELS for message in _check_path(path)]
    if messages:
        return messages  # The channels cannot be used.
    channels = active_channels()
    messages += _check_names([channel.name for channel in channels])
    for channel in channels:
        messages += channel.check()
    if help_desk_settings.WEBHOOKS and WebhookChannel.name not in {
        channel.name for channel in channels
    }:
        messages.append(
            Warning(
                "HELP_DESK['WEBHOOKS'] is set, but no channel in HELP_DESK['CHANNELS'] sends them.",
                hint="Add 'help_desk.channels.webhook.WebhookChannel' to HELP_DESK['CHANNELS'].",
                id="help_desk.W122",
            )
        )
    return messages


def _check_path(path: Any) -> Iterator[CheckMessage]:
    try:
        channel_class = import_string(path)
    except (ImportError, AttributeError, ValueError) as error:
        problem = str(error)
    else:
        if isinstance(channel_class, type) and issubclass(channel_class, Channel):
            yield from _check_class(channel_class)
            return
        problem = f"it is not a subclass of {Channel.__module__}.{Channel.__qualname__}."
    yield Error(
        f"HELP_DESK['CHANNELS'] contains {path!r}, which is not a channel: {problem}",
        hint="Use dotted paths of channel classes. "
        "For example: 'help_desk.channels.in_app.InAppChannel'.",
        id="help_desk.E104",
    )


def _check_class(channel_class: type[Channel]) -> Iterator[CheckMessage]:
    name: object = getattr(channel_class, "name", None)
    max_length = Notification._meta.get_field("channel").max_length or 0
    if not isinstance(name, str) or not 0 < len(name) <= max_length:
        problem = f"the name {name!r} instead of a string of 1 to {max_length} characters"
        example = "name = 'chat'"
    elif channel_class.is_personal and not hasattr(channel_class, "label"):
        problem = "no label for the preferences page"
        example = "label = 'Chat'"
    elif not channel_class.is_inbox and not _can_send(channel_class):
        problem = "neither a method send_one() nor send()"
        example = "def send_one(self, notification): ..."
    else:
        return
    yield Error(
        f"The channel {channel_class.__module__}.{channel_class.__qualname__} has {problem}.",
        hint=f"For example: {example}",
        id="help_desk.E125",
    )


def _can_send(channel_class: type[Channel]) -> bool:
    return channel_class.send is not Channel.send or channel_class.send_one is not Channel.send_one


def _check_names(names: Sequence[str]) -> Iterator[CheckMessage]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Error(
            f"HELP_DESK['CHANNELS'] contains {names.count(name)} channels with the name {name!r}.",
            hint="Give each channel class a unique `name`. For example: name = 'chat'",
            id="help_desk.E105",
        )
