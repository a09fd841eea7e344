"""The `HELP_DESK` dict: defaults, overrides, and when they are read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from help_desk.conf import SETTINGS, help_desk_settings

DEFAULTS = {
    "ASSIGN_ON_START": False,
    "BASE_TEMPLATE": "help_desk/base.html",
    "CHANNELS": (
        "help_desk.channels.in_app.InAppChannel",
        "help_desk.channels.email.EmailChannel",
    ),
    "CHANGES_WINDOW": 60,
    "COMMENT_EDIT_TIME": 900,
    "CREATORS_SEE_OWN_TICKETS": False,
    "DELIVERY": "after_commit",
    "EMAIL_TIMEOUT": 10,
    "MAX_DELIVERY_DELAY": 3600,
    "MAX_MENTIONS_PER_HOUR": 20,
    "MAX_REPLIES_PER_HOUR": 60,
    "MAX_TICKETS_PER_HOUR": 20,
    "NOTIFICATION_RULES": {},
    "NOTIFY_CREATORS_OF_OWN_TICKETS": True,
    "SITE_URL": None,
    "WEBHOOKS": (),
    "WEBHOOKS_TO_PRIVATE_ADDRESSES": False,
}


def test_settings_are_sorted_and_complete() -> None:
    assert [setting.name for setting in SETTINGS] == sorted(DEFAULTS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_each_setting_has_a_valid_default_and_a_help_text(setting: Any) -> None:
    assert isinstance(setting.default, setting.types)
    assert setting.default == DEFAULTS[setting.name]
    assert setting.help.endswith(".")


@pytest.mark.parametrize("values", [{}, {"SITE_URL": "https://x.example"}], ids=["empty", "other"])
def test_default_is_used_for_missing_key(values: dict[str, Any]) -> None:
    with override_settings(HELP_DESK=values):
        assert help_desk_settings.EMAIL_TIMEOUT == 10


def test_defaults_are_used_without_the_dict(settings: Any) -> None:
    del settings.HELP_DESK
    assert {name: getattr(help_desk_settings, name) for name in DEFAULTS} == DEFAULTS


def test_value_is_read_at_each_use_even_in_nested_overrides() -> None:
    def timeout() -> float:
        return help_desk_settings.EMAIL_TIMEOUT

    with override_settings(HELP_DESK={"EMAIL_TIMEOUT": 1}):
        assert timeout() == 1
        with override_settings(HELP_DESK={"EMAIL_TIMEOUT": 2}):
            assert timeout() == 2
        with override_settings(LANGUAGE_CODE="de"):
            assert timeout() == 1
        assert timeout() == 1
    assert timeout() == 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHANGES_WINDOW", float("inf")),
        ("COMMENT_EDIT_TIME", 1e20),
        ("EMAIL_TIMEOUT", 0),
        ("EMAIL_TIMEOUT", "10"),
        ("EMAIL_TIMEOUT", True),
        ("MAX_DELIVERY_DELAY", float("nan")),
        ("WEBHOOKS_TO_PRIVATE_ADDRESSES", "no"),
        ("CHANNELS", None),
    ],
)
def test_default_is_used_for_a_value_of_wrong_type_or_range(name: str, value: object) -> None:
    with override_settings(HELP_DESK={name: value}):
        assert getattr(help_desk_settings, name) == DEFAULTS[name]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_number_has_limits(setting: Any) -> None:
    assert (setting.limits is not None) == bool({int, float}.intersection(setting.types))


def test_unknown_setting_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'COLOR'"):
        help_desk_settings.COLOR  # noqa: B018
