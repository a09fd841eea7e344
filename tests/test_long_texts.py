"""Long texts are normalized only in short parts.

The time of `unicodedata.normalize` is quadratic in a run of combining marks. The tests count
characters instead of seconds, which depend on the machine.
"""

from __future__ import annotations

import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from help_desk.content.wording import summary
from help_desk.models import HelpDeskTicket
from help_desk.text.mentions import MAX_NAME_LENGTH, mentioned_names
from help_desk.validators import TEXT_MAX_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKS = "\u0301\u0327" * (TEXT_MAX_LENGTH // 2)
WINDOW = 300
"""The maximum of characters in one call."""

UNITS = [
    "\u0301\u0327", "\u0327" * 50 + "\u0301" * 50, "\u093e", "@", "\uff20", "@@a", "@a", "a@",
    "@,", "@\u0301", "\u0301@", "\uff0c@", "\ufdfa", "`", "```\n", "```\n```\n\n", "\n", "\r\n",
    "http://", "a", "-", " ", "@a b", "\uff20\ufdfa ",
]  # fmt: skip


@pytest.fixture
def normalized() -> Iterator[list[int]]:
    """Return the lengths of the texts passed to `normalize`; long ones are not normalized."""
    with pytest.MonkeyPatch.context() as patch:
        yield count_normalized(patch)


def count_normalized(patch: pytest.MonkeyPatch) -> list[int]:
    lengths: list[int] = []
    normalize = unicodedata.normalize

    def spy(form: Any, text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text) if len(text) <= WINDOW else text

    patch.setattr(unicodedata, "normalize", spy)
    return lengths


def long_texts() -> st.SearchStrategy[str]:
    """Return texts of the maximum length that repeat a few units."""
    beginnings = st.lists(st.sampled_from(UNITS), max_size=6).map("".join)
    repeated = st.lists(st.sampled_from(UNITS), min_size=1, max_size=4).map("".join)
    return st.builds(
        lambda begin, unit: (begin + unit * TEXT_MAX_LENGTH)[:TEXT_MAX_LENGTH],
        beginnings,
        repeated,
    )


@settings(max_examples=12, deadline=None)
@given(text=long_texts())
def test_each_character_is_normalized_at_most_once_and_in_short_parts(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lengths = count_normalized(patch)
        mentioned_names(text)
        assert sum(lengths) <= len(text)
        lengths.clear()
        summary(text)
        assert sum(lengths) <= WINDOW
    assert max(lengths, default=0) <= WINDOW


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: ascii(unit[:16]))
def test_repeated_units_are_normalized_in_short_parts(unit: str, normalized: list[int]) -> None:
    text = "@" + unit * (TEXT_MAX_LENGTH // len(unit))
    mentioned_names(text)
    assert sum(normalized) <= len(text)
    summary(text)
    assert max(normalized, default=0) <= WINDOW


@pytest.mark.parametrize("description", [MARKS, f"@{MARKS[1:]}"], ids=["marks", "after-at-sign"])
def test_ticket_of_combining_marks_is_created_and_shown(
    agent: Any,
    manager: Any,
    client_of: Callable[..., Any],
    normalized: list[int],
    description: str,
) -> None:
    ticket = HelpDeskTicket().services.create(
        agent, purpose="app", priority="low", description=description
    )
    client = client_of(manager)
    for name, row in (("list", None), ("detail", ticket)):
        kwargs = row and {"pk": row.pk}
        url = reverse(f"django_spire:help_desk:page:{name}", kwargs=kwargs)
        assert client.get(url).status_code == 200
    assert max(normalized, default=0) <= WINDOW


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@" + "a" * MAX_NAME_LENGTH, ["a" * MAX_NAME_LENGTH]),
        ("@" + "a" * (MAX_NAME_LENGTH + 1), []),
        ("@" + "a" * 1_000 + "@bob @ada", ["ada"]),
        ("@" + "a\u0301" * 1_000 + "@bob @ada", ["ada"]),
        ("@" + "\ufb03" * MAX_NAME_LENGTH, []),
        ("@李雷\uff0c" + "看" * 1_000 + "\uff0c@小明", ["李雷", "小明"]),
        ("@" + "看" * 251 + "\uff0c@小明\uff0c好", ["看" * 251, "小明"]),
        ("@李雷" + "\uff0c看" * 125 + "\uff0c@小明\uff0c好", ["李雷", "小明"]),
        ("@e\u0301@example.com", ["é@example.com"]),
        ("@ada,@bob (@carl/@dora)", ["ada", "bob", "carl", "dora"]),
        ("\uff20ada、\uff20bob", ["ada", "bob"]),
        ("x\u0301@bob\uff0c@ada", ["ada"]),
        ("की@bob", []),
        ("\u0301@bob", ["bob"]),
        ("@ada\u0301\u0327\u0301, @bob", ["adá", "bob"]),
    ],
    ids=[
        "longest",
        "too-long",
        "address-after-too-long",
        "address-after-too-long-with-marks",
        "too-long-once-normalized",
        "long-run-without-spaces",
        "sign-after-a-long-name",
        "sign-where-a-window-is-cut",
        "address-as-name-with-marks",
        "ascii-punctuation",
        "full-width",
        "second-of-a-window",
        "after-a-vowel-sign",
        "after-a-mark-alone",
        "marks-after-a-name",
    ],
)
def test_names_at_the_borders_of_windows_are_found(text: str, names: list[str]) -> None:
    assert mentioned_names(text) == names


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch, database_alias: str) -> list[int]:
    """Return the number of open savepoints at each search for names."""
    depths: list[int] = []
    module = sys.modules[mentioned_names.__module__]
    without_code = module.without_code

    def spy(text: str) -> str:
        depths.append(len(connections[database_alias].savepoint_ids))
        return without_code(text)

    monkeypatch.setattr(module, "without_code", spy)
    return depths


def test_names_are_searched_once_before_the_transaction(
    agent: Any, manager: Any, database_alias: str, parsed: list[int]
) -> None:
    outside = len(connections[database_alias].savepoint_ids)
    text = f"Jams, @{manager.get_username()}."
    ticket = HelpDeskTicket().services.create(
        agent, purpose="app", priority="low", description=text
    )
    assert parsed == [outside]
    parsed.clear()
    ticket.services.comment(agent, text)
    assert parsed == [outside]
