"""Mentions: `@username` in a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from help_desk.models import HelpDeskTicket
from help_desk.services.flows.comment import add_comment
from help_desk.services.flows.create import create_ticket
from help_desk.text.mentions import MAX_MENTIONS, mentioned_names
from tests.support import databases
from tests.support.notifications import notified

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ada", ["ada"]),
        ("Ask @ada, @bob; (@carl) or\n@dora.", ["ada", "bob", "carl", "dora"]),
        ("Dear @ada.lovelace...", ["ada.lovelace"]),
        ("@ada's and @bob/@carl", ["ada", "bob", "carl"]),
        ("@Ada and @ada", ["ada"]),
        ("@émile @Łukasz @李雷", ["émile", "Łukasz", "李雷"]),
        ("@e\u0301mile", ["émile"]),
        ("\uff20ada", ["ada"]),
        ("@ada@example.com", ["ada@example.com"]),
        ("ada@example.com and <bob@example.com>", []),
        ("a+@b @ @@ @- @. @+", ["@"]),
        ("`@ada` and @bob", ["bob"]),
        ("@ada:\n```\n@staticmethod\n```\n@bob", ["ada", "bob"]),
        ("```\n@ada", ["ada"]),
        ("See https://example.com/@ada/x, @bob.", ["bob"]),
        ("", []),
    ],
    ids=[
        "alone",
        "several",
        "end-of-sentence",
        "apostrophe",
        "twice",
        "unicode",
        "decomposed",
        "full-width",
        "email-as-name",
        "email-addresses",
        "signs",
        "code",
        "code-block",
        "unclosed-block",
        "url",
        "empty",
    ],
)
def test_mentioned_names(text: str, names: list[str]) -> None:
    assert mentioned_names(text) == names


@given(st.text(alphabet="@ab.+- é\u0301\n", max_size=80))
def test_names_are_unique_and_not_empty(text: str) -> None:
    names = mentioned_names(text)
    assert all(names)
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.parametrize(
    "text",
    [
        *("@" * 10_000, "@ " * 10_000, "@a" * 10_000, "a@" * 10_000),
        *("@`" * 10_000, "```\n@" * 5_000, "http://@" * 10_000),
    ],
)
def test_parsing_time_is_linear_in_the_length(text: str) -> None:
    # In quadratic time, a text 40 times as long would take minutes.
    assert len(mentioned_names(text)) <= 1
    assert len(mentioned_names(text * 40)) <= 1


def test_only_mentioned_users_who_can_see_the_ticket_are_notified(
    ticket: HelpDeskTicket, agent: Any, manager: Any, user_without_permissions: Any
) -> None:
    names = [user.get_username() for user in (manager, user_without_permissions)]
    text = f"@{names[0]}, @{names[1]} and @unknown: look."
    result = add_comment(ticket, author=agent, text=text)
    assert manager in notified()
    assert user_without_permissions not in notified()
    assert result.unreached_mentions == (names[1], "unknown")


def test_users_mentioned_in_a_new_ticket_are_notified_and_follow_it(
    reporter: Any,
    agent: Any,
    manager: Any,
    user_without_permissions: Any,
) -> None:
    users = (agent, manager, user_without_permissions, reporter)
    names = [user.get_username() for user in users]
    result = create_ticket(
        HelpDeskTicket(),
        created_by=reporter,
        purpose="app",
        priority="low",
        description=" ".join(f"@{name}" for name in names),
    )
    assert result.unreached_mentions == (names[2],)
    assert {agent, manager} <= notified()
    assert {user_without_permissions, reporter}.isdisjoint(notified())
    result.ticket.services.comment(reporter, "And now?")
    assert {agent, manager} <= notified()


def test_new_ticket_without_mentions_needs_fewer_queries(
    reporter: Any, agent: Any, capture_queries: Callable[[], Any]
) -> None:
    def count_queries(description: str) -> int:
        with capture_queries() as queries:
            HelpDeskTicket().services.create(
                reporter, purpose="app", priority="low", description=description
            )
        return len(queries)

    count_queries("Warm-up.")
    assert count_queries("Jams.") < count_queries(f"Jams, @{agent.get_username()}.")


def test_note_notifies_only_mentioned_users_who_can_read_notes(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    names = [user.get_username() for user in (manager, reporter)]
    text = f"@{names[0]} @{names[1]}"
    result = add_comment(ticket, author=agent, text=text, internal=True)
    assert result.unreached_mentions == (names[1],)
    assert notified() == {manager}
    ticket.services.comment(agent, "For all.")
    assert notified() == {manager, reporter}  # mentioned users follow


def test_inactive_user_is_not_notified_of_a_mention(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    type(manager)._default_manager.filter(pk=manager.pk).update(is_active=False)
    name = manager.get_username()
    result = add_comment(ticket, author=agent, text=f"@{name}")
    assert result.unreached_mentions == (name,)


@pytest.mark.hosts("default")
@pytest.mark.parametrize("name", ["Émile", "E\u0301mile", "Émile."])
def test_username_with_accents_matches_on_every_database(
    ticket: HelpDeskTicket,
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    name: str,
) -> None:
    emile = grant(make_user(name="Émile"), "view")
    if databases.chosen() != databases.MARIADB:
        # MariaDB treats both as the same username.
        make_user(name="Emile")
    result = add_comment(ticket, author=agent, text=f"Hello @{name}")
    assert result.unreached_mentions == ()
    assert emile in notified()


@pytest.mark.hosts("default")
@pytest.mark.parametrize(("name", "matched"), [("Bob", "Bob"), ("bob", "bob"), ("BOB", "Bob")])
def test_exact_username_is_preferred_to_one_in_another_case(
    ticket: HelpDeskTicket,
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    name: str,
    matched: str,
) -> None:
    try:
        users = {each: grant(make_user(name=each), "view") for each in ("Bob", "bob")}
    except IntegrityError as error:
        pytest.skip(f"this database treats the two usernames as equal: {error}")
    ticket.services.comment(agent, f"@{name}")
    assert notified() & set(users.values()) == {users[matched]}


def test_names_beyond_the_limit_are_not_looked_up(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    name = f"@{manager.get_username()}"
    unknown = " ".join(f"@unknown{number}" for number in range(MAX_MENTIONS))
    result = add_comment(ticket, author=agent, text=f"{unknown} {name}")
    assert manager not in notified()
    assert len(result.unreached_mentions) == MAX_MENTIONS
    result = add_comment(ticket, author=agent, text=f"{name} {unknown}")
    assert manager in notified()
    assert len(result.unreached_mentions) == MAX_MENTIONS
