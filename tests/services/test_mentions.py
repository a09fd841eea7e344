"""`@name` in a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from help_desk.models import HelpDeskTicket
from help_desk.text.mentions import MAX_MENTIONS, mentioned_names
from tests.support import databases
from tests.support.telling import told

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
        "address-as-name",
        "addresses",
        "signs",
        "code",
        "block-of-code",
        "block-that-never-ends",
        "address-of-the-web",
        "empty",
    ],
)
def test_names_in_a_text(text: str, names: list[str]) -> None:
    assert mentioned_names(text) == names


@given(st.text(alphabet="@ab.+- é\u0301\n", max_size=80))
def test_any_text_names_each_name_once_and_none_empty(text: str) -> None:
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
def test_many_signs_take_as_much_time_as_they_are_long(text: str) -> None:
    # Were it quadratic, 400 times the text would take minutes.
    assert len(mentioned_names(text)) <= 1
    assert len(mentioned_names(text * 40)) <= 1


def test_only_people_who_may_see_it_are_reached(
    ticket: HelpDeskTicket, agent: Any, manager: Any, user_without_permissions: Any
) -> None:
    names = [person.get_username() for person in (manager, user_without_permissions)]
    comment = ticket.services.comment(agent, f"@{names[0]}, @{names[1]} and @nobody: look.")
    assert manager in told()
    assert user_without_permissions not in told()
    assert comment.unreached_mentions == (names[1], "nobody")


def test_description_of_a_new_ticket_reaches_whom_it_mentions(
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    agent: Any,
    manager: Any,
    user_without_permissions: Any,
) -> None:
    names = [
        person.get_username() for person in (agent, manager, user_without_permissions, reporter)
    ]
    ticket = create_ticket(created_by=reporter, description=" ".join(f"@{name}" for name in names))
    assert ticket.unreached_mentions == (names[2],)
    assert {agent, manager} <= told()
    assert {user_without_permissions, reporter}.isdisjoint(told())
    ticket.services.comment(reporter, "And now?")
    assert {agent, manager} <= told(), "whoever was reached follows"


def test_new_ticket_without_a_name_asks_nothing_more(
    reporter: Any, agent: Any, capture_queries: Callable[[], Any]
) -> None:
    def file(description: str) -> int:
        with capture_queries() as queries:
            HelpDeskTicket().services.create(
                reporter, purpose="app", priority="low", description=description
            )
        return len(queries)

    file("Warm.")
    assert file("Jams.") < file(f"Jams, @{agent.get_username()}.")


def test_note_reaches_only_those_who_may_read_notes(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    names = [person.get_username() for person in (manager, reporter)]
    text = f"@{names[0]} @{names[1]}"
    assert ticket.services.comment(agent, text, internal=True).unreached_mentions == (names[1],)
    assert told() == {manager}
    ticket.services.comment(agent, "For all.")
    assert told() == {manager, reporter}, "whoever was reached follows"


def test_inactive_account_is_not_reached(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    type(manager)._default_manager.filter(pk=manager.pk).update(is_active=False)
    name = manager.get_username()
    assert ticket.services.comment(agent, f"@{name}").unreached_mentions == (name,)


@pytest.mark.hosts("default")
@pytest.mark.parametrize("said", ["Émile", "E\u0301mile", "Émile."])
def test_name_with_accents_reaches_its_owner_on_every_database(
    ticket: HelpDeskTicket,
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    said: str,
) -> None:
    emile = grant(make_user(name="Émile"), "view")
    if databases.chosen() != databases.MARIADB:
        # There, both are one user name.
        make_user(name="Emile")
    assert ticket.services.comment(agent, f"Hello @{said}").unreached_mentions == ()
    assert emile in told()


@pytest.mark.hosts("default")
@pytest.mark.parametrize(("said", "reached"), [("Bob", "Bob"), ("bob", "bob"), ("BOB", "Bob")])
def test_exact_name_counts_more_than_the_same_in_other_letters(
    ticket: HelpDeskTicket,
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    said: str,
    reached: str,
) -> None:
    try:
        people = {name: grant(make_user(name=name), "view") for name in ("Bob", "bob")}
    except Exception as error:
        pytest.skip(f"this database holds the two names for one: {error}")
    ticket.services.comment(agent, f"@{said}")
    assert told() & set(people.values()) == {people[reached]}


def test_names_beyond_the_limit_are_not_looked_up_and_said_to_be_unreached(
    ticket: HelpDeskTicket, agent: Any, manager: Any, capture_queries: Callable[[], Any]
) -> None:
    crowd = " ".join(f"@nobody{number}" for number in range(MAX_MENTIONS))
    comment = ticket.services.comment(agent, f"{crowd} @{manager.get_username()}")
    assert manager not in told()
    assert len(comment.unreached_mentions) == MAX_MENTIONS
    comment = ticket.services.comment(agent, f"@{manager.get_username()} {crowd}")
    assert manager in told()
    assert len(comment.unreached_mentions) == MAX_MENTIONS
