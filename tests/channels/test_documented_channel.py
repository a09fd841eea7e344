"""The channel in docs/howto/add_a_channel.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from django.core import checks

from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification
from tests.docs.blocks import ROOT, Block, blocks_of
from tests.support.receivers import Receiver, status

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs" / "howto" / "add_a_channel.md"


def block_of(file: str) -> Block:
    (block,) = [block for block in blocks_of(PAGE) if block.file == file]
    return block


@pytest.fixture
def host(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with the module and the settings of the page."""
    package, module = ModuleType("intranet"), ModuleType("intranet.channels")
    package.__path__ = []
    package.channels = module
    monkeypatch.setitem(sys.modules, "intranet", package)
    monkeypatch.setitem(sys.modules, "intranet.channels", module)
    exec(block_of("intranet/channels.py").compiled(), vars(module))
    values: dict[str, Any] = {}
    exec(block_of("settings.py").compiled(), values)
    for name, value in values.items():
        if name.isupper():
            setattr(settings, name, value)


@pytest.fixture
def room(host: None, settings: Any, receiver: Receiver) -> Iterator[Receiver]:
    """A local server instead of the chat of the page."""
    settings.CHAT_ROOM_URL = f"{receiver.url}/3xampl3"
    settings.HELP_DESK = settings.HELP_DESK | {"WEBHOOKS_TO_PRIVATE_ADDRESSES": True}
    return receiver


def posted_texts(room: Receiver) -> list[str]:
    return [json.loads(request.body)["text"] for request in room.requests]


@pytest.mark.usefixtures("host")
def test_system_checks_pass() -> None:
    assert [
        message for message in checks.run_checks() if str(message.id).startswith("help_desk.")
    ] == []


def test_example_has_at_most_thirty_lines() -> None:
    assert len(block_of("intranet/channels.py").code.splitlines()) <= 30


def test_new_tickets_and_public_replies_are_posted(
    reporter: Any, agent: Any, create_ticket: Callable[..., HelpDeskTicket], room: Receiver
) -> None:
    ticket = create_ticket(created_by=reporter, priority="high", purpose="app")
    ticket.services.comment(agent, "The reporter broke it.", internal=True)
    ticket.services.comment(agent, "I am looking at it.")
    ticket.services.complete(agent)
    runner.deliver()
    link = f"https://intranet.example.com/help_desk/page/{ticket.pk}/detail/"
    assert posted_texts(room) == [
        f"A new help desk ticket has been created: Priority: High - Purpose: App {link}",
        f"{agent.get_username()} replied to ticket #{ticket.pk}: I am looking at it. {link}",
    ]
    assert {request.line for request in room.requests} == {"POST /hook/3xampl3 HTTP/1.1"}


@pytest.mark.parametrize(
    ("response", "state"), [(status(503), "wait"), (status(404), "fail")], ids=["503", "404"]
)
def test_error_is_recorded_without_the_url(
    ticket: HelpDeskTicket, agent: Any, room: Receiver, response: bytes, state: str
) -> None:
    room.response = response
    ticket.services.comment(agent, "Hello?")
    runner.deliver()
    row = Notification.objects.get(channel="chat")
    assert (row.status, row.attempts, row.address) == (state, 1, "help desk room")
    assert row.error.startswith("127.0.0.1 responded")
    assert "3xampl3" not in row.error
