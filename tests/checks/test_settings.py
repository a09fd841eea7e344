"""What `manage.py check` says of a host's settings."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.core import checks
from django.test import override_settings

from help_desk.channels.in_app import InAppChannel

pytestmark = pytest.mark.django_db  # a check of Django's own asks the database

DUMMY = "django.core.mail.backends.dummy.EmailBackend"


def messages() -> dict[str, checks.CheckMessage]:
    return {
        message.id: message
        for message in checks.run_checks()
        if message.id and message.id.startswith("help_desk.")
    }


def mail_through(backend: str | None) -> dict[str, Any]:
    """Settings by which mail goes through a backend; None for no mailer at all."""
    if django.VERSION >= (6, 1):
        return {"MAILERS": {} if backend is None else {"default": {"BACKEND": backend}}}
    return {"EMAIL_BACKEND": backend or ""}


def test_the_tests_own_settings_are_sound() -> None:
    assert messages() == {}


@pytest.mark.parametrize(
    ("value", "check_id", "said"),
    [
        pytest.param(["x"], "help_desk.E101", "not a dict", id="no-dict"),
        pytest.param({"SITE_ULR": "x"}, "help_desk.W101", "'SITE_ULR'", id="unknown-key"),
        pytest.param({"SITE_URL": 5}, "help_desk.E102", "5", id="wrong-type"),
        pytest.param({"EMAIL_TIMEOUT": True}, "help_desk.E102", "True", id="truth-is-no-number"),
        pytest.param(
            {"CHANNELS": ["help_desk.no_such.Channel"]},
            "help_desk.E104",
            "help_desk.no_such.Channel",
            id="channel-missing",
        ),
        pytest.param(
            {"CHANNELS": ["help_desk.models.HelpDeskTicket"]},
            "help_desk.E104",
            "not a subclass",
            id="no-channel",
        ),
        pytest.param(
            {"CHANNELS": [f"{InAppChannel.__module__}.InAppChannel"] * 2},
            "help_desk.E105",
            "'in_app'",
            id="channels-of-one-name",
        ),
        pytest.param(
            {"SITE_URL": "intranet.example.com"},
            "help_desk.E107",
            "'intranet.example.com'",
            id="site-url-without-scheme",
        ),
        pytest.param(
            {"BASE_TEMPLATE": "no_such.html"},
            "help_desk.E108",
            "no_such.html",
            id="base-template-missing",
        ),
    ],
)
def test_misconfigured_help_desk_is_reported(value: object, check_id: str, said: str) -> None:
    with override_settings(HELP_DESK=value):
        message = messages()[check_id]
    assert said in message.msg
    assert message.hint


@override_settings(ADMINS=[])
def test_no_developers_is_reported() -> None:
    assert "help_desk.W102" in messages()


@pytest.mark.parametrize(
    "entry", ["Ada", ("Ada", "ada"), (), 7, "ada@"], ids=["name", "pair", "empty", "int", "half"]
)
def test_admins_entry_without_address_is_reported(entry: object) -> None:
    with override_settings(ADMINS=["ada@example.com", entry]):
        message = messages()["help_desk.E103"]
    assert repr(entry) in message.msg


@pytest.mark.parametrize(
    ("backend", "check_id"),
    [
        pytest.param("no.such.Backend", "help_desk.E106", id="missing"),
        pytest.param(None, "help_desk.E106", id="none"),
        pytest.param(DUMMY, "help_desk.W103", id="throws-away"),
    ],
)
def test_email_channel_without_mail_backend_is_reported(backend: str | None, check_id: str) -> None:
    with override_settings(**mail_through(backend)):
        assert check_id in messages()


def test_mail_backend_is_no_concern_without_email_channel() -> None:
    channels = [f"{InAppChannel.__module__}.InAppChannel"]
    with override_settings(HELP_DESK={"CHANNELS": channels}, **mail_through(None)):
        assert "help_desk.E106" not in messages()


def test_no_way_to_build_links_is_reported(settings: Any) -> None:
    settings.HELP_DESK = {}
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.sites"
    ]
    assert "help_desk.W104" in messages()


def test_urls_that_are_not_mounted_are_reported() -> None:
    with override_settings(ROOT_URLCONF="tests.empty_urls"):
        assert "help_desk.W105" in messages()
