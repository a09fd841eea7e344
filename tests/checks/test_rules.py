"""What `manage.py check` says of a host's own rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks

from help_desk.checks.rules import check_rules

pytestmark = pytest.mark.django_db  # Django's checks ask SQLite whether it knows JSON


@pytest.mark.parametrize(
    ("rules", "place", "said"),
    [
        pytest.param({"replies": {}}, "['replies']", "reply", id="kind"),
        pytest.param({"reply": ["email"]}, "['reply']", "not a dict", id="no-roles"),
        pytest.param({"reply": {"boss": []}}, "['reply']['boss']", "manager", id="role"),
        pytest.param(
            {"reply": {"creator": "email"}}, "['reply']['creator']", "not a list", id="text"
        ),
        pytest.param({"reply": {"creator": [1]}}, "['reply']['creator']", "not a list", id="one"),
        pytest.param(
            {"new": {"creator": ["email"]}}, "['new']['creator']", "developer", id="too-early"
        ),
    ],
)
def test_rule_that_means_nothing_is_an_error_that_says_where(
    settings: Any, rules: dict[Any, Any], place: str, said: str
) -> None:
    settings.HELP_DESK = {"NOTIFICATION_RULES": rules}
    (message,) = [found for found in checks.run_checks() if found.id == "help_desk.E112"]
    assert f"{place} is no rule" in message.msg
    assert said in message.msg


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"reply": {"manager": ["in_app", "chat"]}, "new": {"developer": ()}},
        {"note": {"mentioned": {"email"}}},
        ["reply"],  # E102 speaks of that
    ],
    ids=repr,
)
def test_rules_that_mean_something_are_no_error(settings: Any, rules: Any) -> None:
    settings.HELP_DESK = {"NOTIFICATION_RULES": rules}
    assert check_rules() == []
