"""The check of the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django
import pytest
from django.core.checks import Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.checks import CheckMessage

    RunChecks = Callable[..., list[CheckMessage]]

IN_APP = "help_desk.channels.in_app.InAppChannel"
DUMMY = "django.core.mail.backends.dummy.EmailBackend"


def help_desk(*channels: str) -> dict[str, Any]:
    return {"SITE_URL": "https://intranet.example.com", "CHANNELS": channels}


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("help_desk.no_such.Channel", "No module named 'help_desk.no_such'"),
        (
            "help_desk.models.HelpDeskTicket",
            "it is not a subclass of help_desk.channels.base.Channel.",
        ),
    ],
    ids=["missing", "other-class"],
)
def test_path_that_is_not_a_channel_is_reported(
    run_checks: RunChecks, path: str, problem: str
) -> None:
    assert run_checks(HELP_DESK=help_desk(IN_APP, path)) == [
        Error(
            f"HELP_DESK['CHANNELS'] contains {path!r}, which is not a channel: {problem}",
            hint="Use dotted paths of channel classes. "
            "For example: 'help_desk.channels.in_app.InAppChannel'.",
            id="help_desk.E104",
        )
    ]


def test_channels_with_the_same_name_are_reported(run_checks: RunChecks) -> None:
    assert run_checks(HELP_DESK=help_desk(IN_APP, IN_APP)) == [
        Error(
            "HELP_DESK['CHANNELS'] contains 2 channels with the name 'in_app'.",
            hint="Give each channel class a unique `name`. For example: name = 'chat'",
            id="help_desk.E105",
        )
    ]


def mail_through(backend: str | None) -> dict[str, Any]:
    """Return settings that send mail through a backend; None for no mailer at all."""
    if django.VERSION >= (6, 1):
        return {"MAILERS": {} if backend is None else {"default": {"BACKEND": backend}}}
    return {"EMAIL_BACKEND": backend or ""}


@pytest.mark.parametrize(
    ("backend", "check_id"),
    [("no.such.Backend", "help_desk.E106"), (None, "help_desk.E106"), (DUMMY, "help_desk.W103")],
    ids=["missing", "none", "dummy"],
)
def test_email_channel_without_mail_backend_is_reported(
    run_checks: RunChecks, backend: str | None, check_id: str
) -> None:
    assert [message.id for message in run_checks(**mail_through(backend))] == [check_id]


def test_mail_backend_is_not_needed_without_email_channel(run_checks: RunChecks) -> None:
    assert run_checks(HELP_DESK=help_desk(IN_APP), **mail_through(None)) == []
