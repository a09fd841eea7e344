"""The check of `ADMINS`."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.core.checks import Error, Warning
from django.utils.log import AdminEmailHandler

from help_desk.checks.admins import check_admins

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.checks import CheckMessage

PLAIN = "developer@example.com"
PAIR = ("Developer", PLAIN)
HINTS = {
    (5, 2): "For example: ADMINS = [('Name', 'developer@example.com')].",
    (6, 0): "For example: ADMINS = ['developer@example.com'].",
}
HINTS[6, 1] = HINTS[6, 0]
HINT = HINTS[django.VERSION[:2]]


@pytest.fixture(params=HINTS, ids=str)
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The version of Django that runs, as far as the check can see."""
    monkeypatch.setattr(django, "VERSION", (*request.param, 0, "final", 0))
    return request.param


def test_empty_admins_are_reported(run_checks: Callable[..., list[CheckMessage]]) -> None:
    assert run_checks(ADMINS=[]) == [
        Warning(
            "ADMINS is empty, so no developer is notified of new tickets.",
            hint=HINT,
            id="help_desk.W102",
        )
    ]


@pytest.mark.parametrize(
    "entry", ["Ada", ("Ada", "ada"), (), 7, "ada@"], ids=["name", "pair", "empty", "int", "half"]
)
def test_entry_without_email_address_is_reported(
    run_checks: Callable[..., list[CheckMessage]], entry: object
) -> None:
    messages = run_checks(ADMINS=[PAIR, entry])
    assert messages[0] == Error(
        f"ADMINS contains {entry!r}, which is not an email address.",
        hint=HINT,
        id="help_desk.E103",
    )
    assert {message.id for message in messages} <= {"help_desk.E103", "help_desk.W112"}


def test_hints_show_what_the_running_django_accepts(
    settings: Any, version: tuple[int, int]
) -> None:
    settings.ADMINS = []
    assert [message.hint for message in check_admins()] == [HINTS[version]]


def test_plain_address_is_reported_before_django_6(settings: Any, version: tuple[int, int]) -> None:
    settings.ADMINS = [PAIR, PLAIN, "second@example.com"]
    if version >= (6, 0):
        assert check_admins() == []
    else:
        assert check_admins() == [
            Warning(
                "ADMINS contains 'developer@example.com' instead of a pair. The help desk accepts "
                "it, but Django 5.2 raises ValueError when it reports an error by email, so no "
                "report is sent.",
                hint=HINTS[5, 2],
                id="help_desk.W112",
            )
        ]


def test_pairs_are_not_reported(settings: Any, version: tuple[int, int]) -> None:
    settings.ADMINS = [PAIR]  # from Django 6.0, Django itself warns about them
    assert check_admins() == []


@pytest.mark.parametrize("entry", [PLAIN, PAIR], ids=["plain", "pair"])
def test_django_reports_errors_to_admins_that_the_check_accepts(
    settings: Any, mailoutbox: list[Any], entry: Any
) -> None:
    settings.ADMINS = [entry]
    record = logging.LogRecord("django.request", logging.ERROR, "views.py", 1, "No", None, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # pairs, from Django 6.0
        warnings.simplefilter("ignore", DeprecationWarning)
        if check_admins():
            with pytest.raises(ValueError, match="ADMINS"):
                AdminEmailHandler().emit(record)
        else:
            AdminEmailHandler().emit(record)
            assert mailoutbox[0].to == [PLAIN]
