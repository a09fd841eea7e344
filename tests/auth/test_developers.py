"""Addresses in `ADMINS`."""

from __future__ import annotations

import pytest

from help_desk.auth.developers import address_key


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("\u00c4da@example.com", "\u00e4da@example.com"),
        ("A\u00dfe@example.com", "a\u00dfe@example.com"),
    ],
    ids=["ascii", "umlaut", "sharp-s"],
)
def test_case_makes_no_difference(first: str, second: str) -> None:
    assert address_key(first) == address_key(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("\N{KELVIN SIGN}ate@example.com", "kate@example.com"),
        ("\N{ANGSTROM SIGN}sa@example.com", "\u00e5sa@example.com"),
        ("\N{LATIN SMALL LETTER LONG S}am@example.com", "sam@example.com"),
        ("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}da@example.com", "ida@example.com"),
        ("\N{LATIN SMALL LETTER DOTLESS I}da@example.com", "ida@example.com"),
        ("\u00e0da@example.com", "ada@example.com"),
    ],
    ids=["kelvin", "angstrom", "long-s", "dot-above", "dotless-i", "accent"],
)
def test_lookalikes_are_other_addresses(first: str, second: str) -> None:
    assert address_key(first) != address_key(second)
