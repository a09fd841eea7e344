"""The check of `ADMINS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.checks import Error, Warning

from help_desk.checks.admins import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.checks import CheckMessage


def test_empty_admins_are_reported(run_checks: Callable[..., list[CheckMessage]]) -> None:
    assert run_checks(ADMINS=[]) == [
        Warning(
            "ADMINS is empty, so no developer is notified of new tickets.",
            hint=EXAMPLE,
            id="help_desk.W102",
        )
    ]


@pytest.mark.parametrize(
    "entry", ["Ada", ("Ada", "ada"), (), 7, "ada@"], ids=["name", "pair", "empty", "int", "half"]
)
def test_entry_without_email_address_is_reported(
    run_checks: Callable[..., list[CheckMessage]], entry: object
) -> None:
    assert run_checks(ADMINS=["ada@example.com", entry]) == [
        Error(
            f"ADMINS contains {entry!r}, which is not an email address.",
            hint=EXAMPLE,
            id="help_desk.E103",
        )
    ]
