"""The `HELP_DESK` dict: unknown keys, wrong types, and numbers outside their range."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import Error, Warning

from help_desk.conf import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.checks import CheckMessage

    from help_desk.conf import Setting


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Check the keys, and the types and ranges of the values."""
    values: object = getattr(settings, "HELP_DESK", {})
    if isinstance(values, dict):
        return list(_check_values(values))
    return [
        Error(
            f"HELP_DESK must be a dict, not {values!r}.",
            hint="For example: HELP_DESK = {'SITE_URL': 'https://intranet.example.com'}.",
            id="help_desk.E101",
        )
    ]


def _check_values(values: dict[Any, Any]) -> Iterator[CheckMessage]:
    by_name = {setting.name: setting for setting in SETTINGS}
    for name, value in values.items():
        setting = by_name.get(name)
        if setting is None:
            similar = get_close_matches(str(name).upper(), by_name, n=1)
            suggestion = f"Did you mean {similar[0]!r}? " if similar else ""
            yield Warning(
                f"Unknown setting HELP_DESK[{name!r}].",
                hint=f"{suggestion}See the settings reference.",
                id="help_desk.W101",
            )
        elif not setting.has_type(value):
            yield _wrong_type(setting, value)
        elif not setting.is_within_limits(value):
            yield _outside_limits(setting, value)


def _wrong_type(setting: Setting[Any], value: object) -> Error:
    types = " or ".join(kind.__name__ for kind in setting.types).replace("NoneType", "None")
    # Webhooks contain secrets.
    shown = type(value).__name__ if setting.name == "WEBHOOKS" else repr(value)
    return Error(
        f"HELP_DESK[{setting.name!r}] must be of type {types}, not {shown}.",
        hint=f"{setting.help} The default is {setting.default!r}, which is used instead.",
        id="help_desk.E102",
    )


def _outside_limits(setting: Setting[Any], value: object) -> Error:
    lowest, highest = setting.limits or (None, None)
    return Error(
        f"HELP_DESK[{setting.name!r}] must be a number from {lowest} to {highest}, not {value!r}.",
        hint=f"{setting.help} The default is {setting.default!r}, which is used instead.",
        id="help_desk.E113",
    )
