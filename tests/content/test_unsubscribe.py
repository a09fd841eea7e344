"""The token in an unsubscribe link."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from django.core import signing

from help_desk.content import unsubscribe
from help_desk.content.unsubscribe import MAX_AGE, Scope, Unsubscription

UNSUBSCRIPTIONS = [
    Unsubscription(user_id="7", scope=Scope.TICKET, ticket_id=3),
    Unsubscription(user_id=str(uuid.UUID(int=7)), scope=Scope.NEW_TICKETS, address_hash="0a"),
    Unsubscription(user_id="7", scope=Scope.ALL_EMAIL),
    Unsubscription(user_id=None, scope=Scope.NEW_TICKETS, address_hash="0a"),
]


@pytest.mark.parametrize("unsubscription", UNSUBSCRIPTIONS, ids=["ticket", "new", "all", "address"])
def test_token_contains_the_unsubscription(unsubscription: Unsubscription) -> None:
    token = unsubscribe.token_for(unsubscription)
    assert unsubscribe.read(token) == unsubscription
    assert "/" not in token


@pytest.mark.parametrize(
    ("seconds", "is_valid"), [(-60, True), (60, False)], ids=["before", "after"]
)
def test_token_expires(monkeypatch: pytest.MonkeyPatch, seconds: int, *, is_valid: bool) -> None:
    token = unsubscribe.token_for(UNSUBSCRIPTIONS[0])
    later = time.time() + MAX_AGE.total_seconds() + seconds
    monkeypatch.setattr(time, "time", lambda: later)
    assert (unsubscribe.read(token) is not None) is is_valid


def test_changed_token_is_invalid() -> None:
    token = unsubscribe.token_for(UNSUBSCRIPTIONS[0])
    for index in range(len(token)):
        other = "A" if token[index] != "A" else "B"
        changed = token[:index] + other + token[index + 1 :]
        # The last letter of a base64 text may contain unused bits.
        assert unsubscribe.read(changed) in (
            {None, UNSUBSCRIPTIONS[0]} if index == len(token) - 1 else {None}
        )


@pytest.mark.parametrize(
    "token",
    [
        "",
        ":",
        "a:b:c",
        "é:\x00:☃",
        signing.dumps(["7", "ticket", 3, ""], salt="something else"),
        signing.dumps(["7", "ticket", 3, ""]),
        signing.dumps(["7", "everything", 3, ""], salt="help_desk.unsubscribe"),
        signing.dumps(["7"], salt="help_desk.unsubscribe"),
        "x" * 100_000,
    ],
    ids=["empty", "colon", "garbage", "unicode", "salt", "no-salt", "scope", "short", "long"],
)
def test_other_text_is_no_valid_token(token: str) -> None:
    assert unsubscribe.read(token) is None


def test_token_of_an_old_secret_key_needs_a_fallback(settings: Any) -> None:
    token = unsubscribe.token_for(UNSUBSCRIPTIONS[0])
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert unsubscribe.read(token) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unsubscribe.read(token) == UNSUBSCRIPTIONS[0]
