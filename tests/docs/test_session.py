"""Sessions of pages are independent."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from help_desk.models import HelpDeskTicket
from help_desk.signals import ticket_created
from tests.docs.session import Session


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.hosts("default")
@pytest.mark.usefixtures("no_garbage_collection")
def test_receivers_of_a_page_are_disconnected_after_it(
    manager: Any,
    make_ticket: Callable[..., HelpDeskTicket],
    client_of: Callable[..., Any],
) -> None:
    with ExitStack() as stack:
        session = Session(
            stack=stack, ticket=make_ticket(), user=manager, client=client_of(manager)
        )
        # A cycle, so that only the garbage collector would find the receiver.
        exec(
            """
from help_desk.signals import ticket_created

def receiver(**kwargs):
    print("from another page")

receiver.itself = receiver
ticket_created.connect(receiver)
""",
            session.namespace,
        )
        assert ticket_created.has_listeners()
        del session
    assert not ticket_created.has_listeners()
