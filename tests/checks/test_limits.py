"""The check of the limits per hour."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import Error

from help_desk.checks.limits import check_limits


@pytest.mark.parametrize("name", ["MENTIONS", "REPLIES", "TICKETS"])
@pytest.mark.parametrize("value", [0, -5])
def test_limit_below_one_is_reported(settings: Any, name: str, value: int) -> None:
    settings.HELP_DESK = {f"MAX_{name}_PER_HOUR": value}
    assert check_limits() == [
        Error(
            f"HELP_DESK['MAX_{name}_PER_HOUR'] must be at least 1, not {value}.",
            hint="For example: 20. Use None for no limit.",
            id="help_desk.E130",
        )
    ]


@pytest.mark.parametrize("value", [None, 1, 1_000_000, "20", True, 1.5])
def test_valid_limits_and_values_of_other_types_are_not_reported(settings: Any, value: Any) -> None:
    settings.HELP_DESK = {"MAX_TICKETS_PER_HOUR": value}
    assert check_limits() == []
