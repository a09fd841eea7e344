"""System checks: what is misconfigured is said at start, not at the first ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from help_desk.channels import active_channels
from help_desk.channels.base import Channel
from help_desk.channels.webhook.channel import WebhookChannel
from help_desk.checks.delivery import register_delivery_checks
from help_desk.checks.rules import register_rule_checks
from help_desk.conf import SETTINGS, help_desk_settings
from help_desk.content.links import has_site
from help_desk.models import Notification
from help_desk.notifications.recipients import address_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage


def register_checks() -> None:
    """Hand the checks to Django."""
    register(check_settings, Tags.compatibility)
    register(check_admins, Tags.compatibility)
    register(check_channels, Tags.compatibility)
    register(check_links, Tags.urls)
    register(check_base_template, Tags.templates)
    register_delivery_checks()
    register_rule_checks()


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Compare the `HELP_DESK` dict with the table of settings.

    Args:
        **kwargs: What Django hands to every check.

    Returns:
        E101 if it is no dict, E102 for a value of the wrong type, W101 for a key that
        does not exist.
    """
    values: object = getattr(settings, "HELP_DESK", {})
    if not isinstance(values, dict):
        return [
            Error(
                f"HELP_DESK is {values!r}, which is not a dict.",
                hint="Write HELP_DESK = {...}, or leave it out.",
                id="help_desk.E101",
            )
        ]
    by_name = {setting.name: setting for setting in SETTINGS}
    messages: list[CheckMessage] = []
    for name, value in values.items():
        setting = by_name.get(name)
        if setting is None:
            messages.append(
                Warning(
                    f"HELP_DESK has the key {name!r}, which means nothing.",
                    hint=f"The keys are {', '.join(by_name)}.",
                    id="help_desk.W101",
                )
            )
        elif not _is_of(value, setting.types):
            wanted = " or ".join(kind.__name__ for kind in setting.types)
            messages.append(
                Error(
                    # What may hold secrets is not shown.
                    f"HELP_DESK[{name!r}] is {type(value) if name == 'WEBHOOKS' else repr(value)}.",
                    hint=f"Write a value of type {wanted}: {setting.help}",
                    id="help_desk.E102",
                )
            )
    return messages


def _is_of(value: object, types: tuple[type, ...]) -> bool:
    """Like isinstance, but True and False are no numbers."""
    if isinstance(value, bool):
        return bool in types
    return isinstance(value, types)


def check_admins(**kwargs: Any) -> list[CheckMessage]:
    """See whether there are developers to tell.

    Args:
        **kwargs: What Django hands to every check.

    Returns:
        W102 if `ADMINS` is empty, E103 for each entry without an address.
    """
    if not settings.ADMINS:
        return [
            Warning(
                "ADMINS is empty, so no developer hears of new tickets.",
                hint='Write ADMINS = ["developer@example.com"].',
                id="help_desk.W102",
            )
        ]
    return [
        Error(
            f"The entry {entry!r} in ADMINS holds no e-mail address.",
            hint='Write "developer@example.com" or ("Name", "developer@example.com").',
            id="help_desk.E103",
        )
        for entry in settings.ADMINS
        if not _is_address(address_in(entry))
    ]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def check_channels(**kwargs: Any) -> list[CheckMessage]:
    """See whether people can be told by every channel.

    Args:
        **kwargs: What Django hands to every check.

    Returns:
        E104 for a path that names no channel, E125 for a channel that says too little
        of itself, E105 for two channels of one name, W122 for webhooks without their
        channel, and what the channels themselves have to say.
    """
    paths: object = help_desk_settings.CHANNELS
    if not isinstance(paths, (list, tuple)):
        return []  # E102 says so.
    messages = [message for path in paths for message in _check_channel_path(path)]
    if messages:
        return messages
    channels = active_channels()
    names = [channel.name for channel in channels]
    messages += [
        Error(
            f"HELP_DESK['CHANNELS'] names {names.count(name)} channels called {name!r}.",
            hint="Give each class a `name` of its own.",
            id="help_desk.E105",
        )
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    for channel in channels:
        messages += channel.check()
    if help_desk_settings.WEBHOOKS and WebhookChannel.name not in names:
        path = f"{WebhookChannel.__module__}.{WebhookChannel.__qualname__}"
        messages.append(
            Warning(
                "HELP_DESK has WEBHOOKS, but no channel that posts to them.",
                hint=f"Add {path!r} to HELP_DESK['CHANNELS'].",
                id="help_desk.W122",
            )
        )
    return messages


def _check_channel_path(path: Any) -> Iterator[CheckMessage]:
    try:
        channel_class = import_string(path)
    except (ImportError, AttributeError, ValueError) as error:
        problem = str(error)
    else:
        if isinstance(channel_class, type) and issubclass(channel_class, Channel):
            yield from _check_channel_class(channel_class)
            return
        problem = f"{path} is not a subclass of {Channel.__module__}.{Channel.__name__}."
    yield Error(
        f"HELP_DESK['CHANNELS'] names {path!r}, which is no channel: {problem}",
        hint="Write the dotted path of a channel class.",
        id="help_desk.E104",
    )


def _check_channel_class(channel_class: type[Channel]) -> Iterator[CheckMessage]:
    name = getattr(channel_class, "name", None)
    if not isinstance(name, str) or not 0 < len(name) <= _length_of_channel_name():
        problem = (
            f"the name {name!r}, which is no text of 1 to {_length_of_channel_name()} characters"
        )
    elif channel_class.is_personal and not hasattr(channel_class, "label"):
        problem = "no label, by which people would choose it"
    elif (
        not channel_class.is_inbox
        and channel_class.send is Channel.send
        and channel_class.send_one is Channel.send_one
    ):
        problem = "neither a method send_one() nor send()"
    else:
        return
    yield Error(
        f"The channel {channel_class.__module__}.{channel_class.__qualname__} has {problem}.",
        hint=f"See {Channel.__module__}.{Channel.__qualname__}.",
        id="help_desk.E125",
    )


def _length_of_channel_name() -> int:
    return Notification._meta.get_field("channel").max_length or 0


def check_links(**kwargs: Any) -> list[CheckMessage]:
    """See whether links in e-mails can be built.

    Args:
        **kwargs: What Django hands to every check.

    Returns:
        E107 for a `SITE_URL` that is no scheme and host, W104 if nothing says what the
        site's address is, W105 if the help desk's URLs are not mounted.
    """
    messages: list[CheckMessage] = []
    url: object = help_desk_settings.SITE_URL
    if isinstance(url, str) and not _is_site_url(url):
        messages.append(
            Error(
                f"HELP_DESK['SITE_URL'] is {url!r}, to which no path can be added.",
                hint="Write scheme and host, such as 'https://intranet.example.com'.",
                id="help_desk.E107",
            )
        )
    elif url is None and not has_site():
        messages.append(
            Warning(
                "Nothing says under which address the site is reached, so e-mails hold no links.",
                hint="Set HELP_DESK['SITE_URL'], or install django.contrib.sites.",
                id="help_desk.W104",
            )
        )
    try:
        reverse("django_spire:help_desk:page:list")
    except (NoReverseMatch, ImproperlyConfigured, AttributeError):
        messages.append(
            Warning(
                "The help desk's URLs are not mounted.",
                hint='Add path("", include_helper()) to the URL configuration; '
                "include_helper is in help_desk.include_helper.",
                id="help_desk.W105",
            )
        )
    return messages


def _is_site_url(url: str) -> bool:
    parts = urlsplit(url)
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and not (parts.query or parts.fragment)
    )


def check_base_template(**kwargs: Any) -> list[CheckMessage]:
    """See whether the template that every page extends exists.

    Args:
        **kwargs: What Django hands to every check.

    Returns:
        E108 if it does not.
    """
    name: object = help_desk_settings.BASE_TEMPLATE
    if not isinstance(name, str):
        return []  # E102 says so.
    try:
        get_template(name)
    except (TemplateDoesNotExist, ImproperlyConfigured) as error:
        return [
            Error(
                f"HELP_DESK['BASE_TEMPLATE'] is {name!r}, which cannot be loaded: {error}",
                hint="Name a template with a block `help_desk`.",
                id="help_desk.E108",
            )
        ]
    return []
