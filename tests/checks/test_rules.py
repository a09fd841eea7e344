"""The check of `NOTIFICATION_RULES`."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import Error

from help_desk.checks.rules import check_rules

ALL_ROLES = "creator, assignee, follower, manager, developer, mentioned"


@pytest.mark.parametrize(
    ("rules", "key", "problem"),
    [
        (
            {"replies": {}},
            "['replies']",
            "the event must be one of new, reply, note, assignment, status, priority, mention.",
        ),
        ({"reply": ["email"]}, "['reply']", "['email'] is not a dict of roles."),
        (
            {"reply": {"boss": []}},
            "['reply']['boss']",
            f"the role must be one of {ALL_ROLES}.",
        ),
        (
            {"reply": {"creator": "email"}},
            "['reply']['creator']",
            "'email' is not a list of channel names.",
        ),
        (
            {"reply": {"creator": [1]}},
            "['reply']['creator']",
            "[1] is not a list of channel names.",
        ),
        (
            {"new": {"creator": ["email"]}},
            "['new']['creator']",
            "the role must be one of manager, developer.",
        ),
    ],
    ids=["event", "no-roles", "role", "string", "number", "role-of-new-ticket"],
)
def test_invalid_rule_is_reported_with_its_key(
    settings: Any, rules: dict[Any, Any], key: str, problem: str
) -> None:
    settings.HELP_DESK = {"NOTIFICATION_RULES": rules}
    assert check_rules() == [
        Error(
            f"HELP_DESK['NOTIFICATION_RULES']{key} is invalid: {problem}",
            hint="For example: {'reply': {'manager': ['in_app']}}.",
            id="help_desk.E112",
        )
    ]


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"reply": {"manager": ["in_app", "chat"]}, "new": {"developer": ()}},
        {"note": {"mentioned": {"email"}}},
        ["reply"],  # reported as E102
    ],
    ids=repr,
)
def test_valid_rules_are_accepted(settings: Any, rules: Any) -> None:
    settings.HELP_DESK = {"NOTIFICATION_RULES": rules}
    assert check_rules() == []
