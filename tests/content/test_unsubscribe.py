"""The token in a mail's link."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from django.core import signing

from help_desk.content import unsubscribe
from help_desk.content.unsubscribe import MAX_AGE, Scope, Unsubscription

WISHES = [
    Unsubscription(user_id="7", scope=Scope.TICKET, ticket_id=3),
    Unsubscription(user_id=str(uuid.UUID(int=7)), scope=Scope.NEW_TICKETS),
    Unsubscription(user_id="7", scope=Scope.ALL_EMAIL),
]


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.scope.value)
def test_token_says_what_it_was_made_of(wish: Unsubscription) -> None:
    token = unsubscribe.token_for(wish)
    assert unsubscribe.read(token) == wish
    assert "/" not in token


@pytest.mark.parametrize(("seconds", "is_good"), [(-60, True), (60, False)], ids=["old", "older"])
def test_token_expires(monkeypatch: pytest.MonkeyPatch, seconds: int, *, is_good: bool) -> None:
    token = unsubscribe.token_for(WISHES[0])
    later = time.time() + MAX_AGE.total_seconds() + seconds
    monkeypatch.setattr(time, "time", lambda: later)
    assert (unsubscribe.read(token) is not None) is is_good


def test_changed_token_says_nothing() -> None:
    token = unsubscribe.token_for(WISHES[0])
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        # The last letter of a base64 text may hold bits that nobody reads.
        assert unsubscribe.read(changed) in (
            {None, WISHES[0]} if place == len(token) - 1 else {None}
        )


@pytest.mark.parametrize(
    "token",
    [
        "",
        ":",
        "a:b:c",
        "é:\x00:☃",
        signing.dumps(["7", "ticket", 3], salt="something else"),
        signing.dumps(["7", "ticket", 3]),
        signing.dumps(["7", "everything", 3], salt="help_desk.unsubscribe"),
        signing.dumps(["7"], salt="help_desk.unsubscribe"),
        "x" * 100_000,
    ],
    ids=["empty", "colon", "garbage", "unicode", "salt", "no-salt", "scope", "short", "long"],
)
def test_what_is_no_token_of_ours_says_nothing(token: str) -> None:
    assert unsubscribe.read(token) is None


def test_token_of_another_secret_says_nothing_unless_the_host_still_trusts_it(
    settings: Any,
) -> None:
    token = unsubscribe.token_for(WISHES[0])
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert unsubscribe.read(token) is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unsubscribe.read(token) == WISHES[0]
