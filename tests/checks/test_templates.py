"""The check of the base template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.checks import Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.checks import CheckMessage


def test_missing_base_template_is_reported(
    run_checks: Callable[..., list[CheckMessage]],
) -> None:
    values = {"BASE_TEMPLATE": "no_such.html", "SITE_URL": "https://intranet.example.com"}
    assert run_checks(HELP_DESK=values) == [
        Error(
            "HELP_DESK['BASE_TEMPLATE'] is 'no_such.html', which cannot be loaded: no_such.html",
            hint="Use a template with a block `help_desk`. For example: 'help_desk/base.html'.",
            id="help_desk.E108",
        )
    ]
