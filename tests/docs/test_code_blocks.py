"""The Python and template blocks of the README and the documentation run.

docs/contributing/testing.md describes how each block is run.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.blocks import all_blocks, blocks_of, name_of, pages
from tests.docs.fresh_project import FreshProject
from tests.docs.session import TEMPLATE_LANGUAGES, Session, needs_a_fresh_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from help_desk.models import HelpDeskTicket
    from tests.docs.blocks import Block

SESSION_LANGUAGES = frozenset({"python", "pycon", *TEMPLATE_LANGUAGES})
TESTED_LANGUAGES = frozenset({*SESSION_LANGUAGES, "css", "shell"})
SHOWN_LANGUAGES = frozenset({"ini", "sql", "text", "toml"})
OPTIONS = frozenset({"file", "not-run", "before-django", "from-django"})

BLOCKS = [block for page in pages() for block in blocks_of(page)]
NOT_RUN = [block for block in BLOCKS if block.reason_not_to_run is not None]
SESSIONS = [
    page
    for page in pages()
    if any(block.language in SESSION_LANGUAGES for block in blocks_of(page))
]
IN_A_FRESH_PROJECT = [
    block for block in all_blocks("python") if block.runs and needs_a_fresh_project(block)
]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_language_and_options_of_a_block_are_known(block: Block) -> None:
    assert block.language in TESTED_LANGUAGES | SHOWN_LANGUAGES
    assert set(block.options) <= OPTIONS


@pytest.mark.parametrize("block", NOT_RUN, ids=str)
def test_block_that_is_not_run_has_a_reason(block: Block) -> None:
    """`pytest -rs tests/docs` lists them."""
    assert len(str(block.reason_not_to_run).split()) >= 3
    pytest.skip(f"{block} is not run: {block.reason_not_to_run}")


@pytest.fixture
def session(
    manager: Any,
    reporter: Any,
    make_ticket: Callable[..., HelpDeskTicket],
    client_of: Callable[..., Any],
) -> Iterator[Session]:
    """Return a session with ticket 1 of a reporter, and a manager who is signed in."""
    ticket = make_ticket(created_by=reporter)
    with ExitStack() as stack:
        yield Session(stack=stack, ticket=ticket, user=manager, client=client_of(manager))


@pytest.mark.hosts("default")  # the pages assume Django's own user model
@pytest.mark.django_db(transaction=True, reset_sequences=True)
@pytest.mark.parametrize("page", SESSIONS, ids=name_of)
def test_blocks_of_a_page_run(page: Path, session: Session) -> None:
    for block in blocks_of(page):
        if block.runs:
            session.run(block)


@pytest.mark.hosts("default")
@pytest.mark.parametrize("block", IN_A_FRESH_PROJECT, ids=str)
def test_settings_work_in_a_fresh_project(block: Block, tmp_path: Path) -> None:
    project = FreshProject(tmp_path)
    project.write("settings.py", block.code)
    # Warnings are allowed: other blocks add, for example, the site URL.
    project.manage("check", "--fail-level", "ERROR")
