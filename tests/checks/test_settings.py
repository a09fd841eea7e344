"""The check of the `HELP_DESK` dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.checks import Error, Warning

from help_desk.checks.settings import check_settings
from help_desk.conf import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.checks import CheckMessage


def test_settings_of_the_tests_are_valid(run_checks: Callable[..., list[CheckMessage]]) -> None:
    assert run_checks() == []


def test_settings_that_are_not_a_dict_are_the_only_error(
    run_checks: Callable[..., list[CheckMessage]],
) -> None:
    messages = run_checks(HELP_DESK=["x"])
    assert messages[0] == Error(
        "HELP_DESK must be a dict, not ['x'].",
        hint="For example: HELP_DESK = {'SITE_URL': 'https://intranet.example.com'}.",
        id="help_desk.E101",
    )
    assert {message.id for message in messages} <= {"help_desk.E101", "help_desk.W104"}


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [("SITE_ULR", "Did you mean 'SITE_URL'? "), ("site_url", "Did you mean 'SITE_URL'? "),
        ("COLOR", ""), (5, "")],
    ids=["transposed", "lower-case", "unlike-any", "not-a-string"],
)  # fmt: skip
def test_unknown_setting_is_reported_with_a_similar_one(
    settings: Any, key: object, suggestion: str
) -> None:
    settings.HELP_DESK = {key: "x"}
    assert check_settings() == [
        Warning(
            f"Unknown setting HELP_DESK[{key!r}].",
            hint=f"{suggestion}See the settings reference.",
            id="help_desk.W101",
        )
    ]


def test_value_of_another_type_is_reported(settings: Any) -> None:
    settings.HELP_DESK = {"SITE_URL": 5}
    assert check_settings() == [
        Error(
            "HELP_DESK['SITE_URL'] must be of type str or None, not 5.",
            hint="Scheme and host of links in emails, such as `https://intranet.example.com`. "
            "Without it the sites framework is used. The default is None, which is used instead.",
            id="help_desk.E102",
        )
    ]


def test_boolean_is_not_a_number(settings: Any) -> None:
    settings.HELP_DESK = {"EMAIL_TIMEOUT": True}
    (message,) = check_settings()
    assert message.id == "help_desk.E102"
    assert message.msg == "HELP_DESK['EMAIL_TIMEOUT'] must be of type int or float, not True."


def test_secrets_of_webhooks_are_not_shown(settings: Any) -> None:
    settings.HELP_DESK = {"WEBHOOKS": {"secret": "hunter2"}}
    (message,) = check_settings()
    assert message.msg == "HELP_DESK['WEBHOOKS'] must be of type list or tuple, not dict."


INF, NAN = float("inf"), float("nan")
OUTSIDE = {
    "CHANGES_WINDOW": [-1, INF, NAN, 1e300, 10**400],
    "COMMENT_EDIT_TIME": [-1, INF, NAN, 1e20],
    "EMAIL_TIMEOUT": [0, -1, INF, NAN, 21],
    "MAX_DELIVERY_DELAY": [-1, INF, NAN, 1e20],
    "MAX_MENTIONS_PER_HOUR": [0, -5],
    "MAX_REPLIES_PER_HOUR": [0],
    "MAX_TICKETS_PER_HOUR": [0, 10**20],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in OUTSIDE.items() for value in values],
    ids=lambda value: str(value)[:12],
)
def test_number_outside_its_range_is_reported(settings: Any, name: str, value: float) -> None:
    settings.HELP_DESK = {name: value}
    (message,) = check_settings()
    assert message.id == "help_desk.E113"
    assert f"HELP_DESK['{name}'] must be a number from " in message.msg
    assert message.msg.endswith(f", not {value!r}.")


def test_report_of_a_number_names_its_range_and_the_default(settings: Any) -> None:
    settings.HELP_DESK = {"EMAIL_TIMEOUT": 0}
    assert check_settings() == [
        Error(
            "HELP_DESK['EMAIL_TIMEOUT'] must be a number from 0.1 to 20, not 0.",
            hint="Seconds to wait for the mail server if the mail settings define no timeout. "
            "The default is 10, which is used instead.",
            id="help_desk.E113",
        )
    ]


@pytest.mark.parametrize("name", OUTSIDE)
def test_limits_of_a_number_are_accepted(settings: Any, name: str) -> None:
    (setting,) = (setting for setting in SETTINGS if setting.name == name)
    for value in setting.limits or ():
        settings.HELP_DESK = {name: value}
        assert check_settings() == []
