"""Replacing the mentions of an erased user."""

from __future__ import annotations

import pytest

from help_desk.text.mentions import replace_mentions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@ada", "@gone"),
        ("Ask @ada, or (@Ada).", "Ask @gone, or (@gone)."),
        ("\uff20ada: see `@ada`", "@gone: see `@gone`"),
        ("@ada... and @ada-", "@gone... and @gone-"),
        ("@adam @ada.b @ada-b @ada@c", "@adam @ada.b @ada-b @ada@c"),
        ("x@ada y.@ada ada", "x@ada y.@ada ada"),
    ],
)
def test_only_mentions_of_that_name_are_replaced(text: str, expected: str) -> None:
    assert replace_mentions(text, "ada", "gone") == expected


def test_names_are_not_patterns() -> None:
    assert replace_mentions("@a.b @axb", "a.b", r"\1") == r"@\1 @axb"


def test_name_with_an_at_sign_is_replaced() -> None:
    text = "Ask @ada@example.com."
    assert replace_mentions(text, "ada@example.com", "x@y.org") == "Ask @x@y.org."
