"""What hosts can listen to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import Signal

from help_desk.models import HelpDeskTicket
from help_desk.signals import ticket_changed, ticket_commented, ticket_created
from tests.docs.blocks import ROOT, blocks_of

SIGNALS = {"created": ticket_created, "changed": ticket_changed, "commented": ticket_commented}

# Real commits: what is sent after them, and with what, is the subject.
pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """Keeps what it hears, and what the ticket said at that moment."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.arguments: list[dict[str, Any]] = []
        self.statuses: list[str] = []

    def hear(self, name: str, arguments: dict[str, Any]) -> None:
        self.heard.append(name)
        self.statuses.append(arguments["ticket"].status)
        del arguments["signal"]
        self.arguments.append(arguments)


@pytest.fixture
def connect() -> Iterator[Callable[[Signal, Callable[..., None]], None]]:
    connected = []

    def connect_one(signal: Signal, receiver: Callable[..., None]) -> None:
        signal.connect(receiver, weak=False)
        connected.append((signal, receiver))

    yield connect_one
    for signal, receiver in connected:
        signal.disconnect(receiver)


@pytest.fixture
def listener(connect: Callable[..., None]) -> Listener:
    listener = Listener()
    for name, signal in SIGNALS.items():
        connect(signal, lambda name=name, **arguments: listener.hear(name, arguments))
    return listener


def test_new_ticket_is_told_of_with_its_event(
    reporter: Any, create_ticket: Callable[..., HelpDeskTicket], listener: Listener
) -> None:
    ticket = create_ticket(created_by=reporter)
    assert listener.heard == ["created"]
    event = ticket.events.get()
    assert listener.arguments == [{"sender": HelpDeskTicket, "ticket": ticket, "event": event}]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param(lambda ticket, by: ticket.services.start(by), "prog", id="start"),
        pytest.param(lambda ticket, by: ticket.services.assign(by, by), "read", id="assign"),
        pytest.param(
            lambda ticket, by: ticket.services.update(by, status="done"), "done", id="update"
        ),
        pytest.param(lambda ticket, by: ticket.services.delete(by), "read", id="delete"),
    ],
)
def test_change_is_told_of_as_it_was_saved(
    ticket: HelpDeskTicket,
    agent: Any,
    listener: Listener,
    change: Callable[[HelpDeskTicket, Any], None],
    status: str,
) -> None:
    change(ticket, agent)
    assert listener.heard == ["changed"]
    assert listener.statuses == [status]
    event = ticket.events.latest("pk")
    assert listener.arguments == [{"sender": HelpDeskTicket, "ticket": ticket, "event": event}]
    assert event.actor == agent


@pytest.mark.parametrize("internal", [False, True], ids=["reply", "note"])
def test_comment_is_told_of_with_what_was_said(
    ticket: HelpDeskTicket, agent: Any, listener: Listener, *, internal: bool
) -> None:
    comment = ticket.services.comment(agent, "The cable.", internal=internal)
    assert listener.heard == ["commented"]
    (arguments,) = listener.arguments
    assert arguments.keys() == {"sender", "ticket", "event", "comment"}
    assert arguments["comment"] == comment
    assert arguments["comment"].is_internal is internal
    assert arguments["event"].changes == {"text": [None, "The cable."]}


def test_comment_that_sets_the_status_is_a_change_too(
    ticket: HelpDeskTicket, agent: Any, listener: Listener
) -> None:
    ticket.services.comment(agent, "Works again.", status="done")
    assert sorted(listener.heard) == ["changed", "commented"]
    assert listener.statuses == ["done", "done"]
    first, second = listener.arguments
    assert first["event"] == second["event"]


def test_nothing_is_told_of_what_is_rolled_back(
    ticket: HelpDeskTicket,
    agent: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    listener: Listener,
    database_alias: str,
) -> None:
    with transaction.atomic(using=database_alias):
        create_ticket(created_by=agent)
        ticket.services.start(agent)
        ticket.services.comment(agent, "Hello?")
        transaction.set_rollback(True, using=database_alias)
    with pytest.raises(ValidationError):
        ticket.services.comment(agent, " ")
    assert listener.heard == []


def test_nothing_is_told_before_the_commit(
    ticket: HelpDeskTicket, agent: Any, listener: Listener, database_alias: str
) -> None:
    with transaction.atomic(using=database_alias):
        ticket.services.start(agent)
        assert listener.heard == []
    assert listener.heard == ["changed"]


def test_change_that_changes_nothing_is_not_told_of(
    ticket: HelpDeskTicket, agent: Any, listener: Listener
) -> None:
    ticket.services.update(agent, priority=ticket.priority)
    ticket.services.follow(agent)
    ticket.save()
    assert listener.heard == []


def test_receiver_that_raises_is_logged_and_stops_nothing(
    ticket: HelpDeskTicket,
    agent: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    connect: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    settings: Any,
) -> None:
    settings.ADMINS = []  # whom Django mails of what is logged

    def fail(**kwargs: Any) -> None:
        message = "The receiver's own trouble."
        raise RuntimeError(message)

    for signal in SIGNALS.values():
        connect(signal, fail)
    listener = Listener()
    for name, signal in SIGNALS.items():
        connect(signal, lambda name=name, **arguments: listener.hear(name, arguments))
    caplog.set_level(logging.ERROR)
    filed = create_ticket(created_by=agent)
    ticket.services.comment(agent, "Seen.", status="prog")
    assert sorted(listener.heard) == ["changed", "commented", "created"]
    assert caplog.text.count("The receiver's own trouble.") >= 3
    assert HelpDeskTicket.objects.filter(pk=filed.pk).exists()
    ticket.refresh_from_db()
    assert ticket.status == "prog"
    assert ticket.comments.count() == 1


def test_the_documentation_s_receivers_work(
    ticket: HelpDeskTicket,
    agent: Any,
    connect: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = [
        block
        for block in blocks_of(ROOT / "docs" / "topics" / "signals.md")
        if block.language == "python"
    ]
    reader: dict[str, Any] = {}
    exec(block.compiled(), reader)
    try:
        ticket.services.comment(agent, "Not for everybody.", internal=True)
        ticket.services.comment(agent, "Works again.", status="done")
    finally:
        ticket_changed.disconnect(reader["count_done"])
        ticket_commented.disconnect(reader["note_reply"])
    assert capsys.readouterr().out.splitlines() == [
        f"{agent} replied on {ticket}.",
        f"{ticket} was done by {agent}.",
    ]
