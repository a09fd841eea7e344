"""The signals for host projects."""

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

# Signals are sent after real commits.
pytestmark = pytest.mark.django_db(transaction=True)


class Receiver:
    """Records the signals that it receives, and the ticket's status at that time."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.arguments: list[dict[str, Any]] = []
        self.statuses: list[str] = []

    def receive(self, name: str, arguments: dict[str, Any]) -> None:
        self.received.append(name)
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
def receiver(connect: Callable[..., None]) -> Receiver:
    receiver = Receiver()
    for name, signal in SIGNALS.items():
        connect(signal, lambda name=name, **arguments: receiver.receive(name, arguments))
    return receiver


def test_ticket_created_is_sent_with_the_event(
    reporter: Any, create_ticket: Callable[..., HelpDeskTicket], receiver: Receiver
) -> None:
    ticket = create_ticket(created_by=reporter)
    assert receiver.received == ["created"]
    event = ticket.events.get()
    assert receiver.arguments == [{"sender": HelpDeskTicket, "ticket": ticket, "event": event}]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param(lambda ticket, actor: ticket.services.start(actor), "prog", id="start"),
        pytest.param(
            lambda ticket, actor: ticket.services.assign(actor, actor=actor), "read", id="assign"
        ),
        pytest.param(
            lambda ticket, actor: ticket.services.update(actor, status="done"), "done", id="update"
        ),
        pytest.param(lambda ticket, actor: ticket.services.delete(actor), "read", id="delete"),
    ],
)
def test_ticket_changed_is_sent_with_the_saved_ticket(
    ticket: HelpDeskTicket,
    agent: Any,
    receiver: Receiver,
    change: Callable[[HelpDeskTicket, Any], None],
    status: str,
) -> None:
    change(ticket, agent)
    assert receiver.received == ["changed"]
    assert receiver.statuses == [status]
    event = ticket.events.latest("pk")
    assert receiver.arguments == [{"sender": HelpDeskTicket, "ticket": ticket, "event": event}]
    assert event.actor == agent


@pytest.mark.parametrize("internal", [False, True], ids=["reply", "note"])
def test_ticket_commented_is_sent_with_the_comment(
    ticket: HelpDeskTicket, agent: Any, receiver: Receiver, *, internal: bool
) -> None:
    comment = ticket.services.comment(agent, "The cable.", internal=internal)
    assert receiver.received == ["commented"]
    (arguments,) = receiver.arguments
    assert arguments.keys() == {"sender", "ticket", "event", "comment"}
    assert arguments["comment"] == comment
    assert arguments["comment"].is_internal is internal
    assert arguments["event"].changes == {"text": [None, "The cable."]}


def test_comment_with_a_status_sends_both_signals(
    ticket: HelpDeskTicket, agent: Any, receiver: Receiver
) -> None:
    ticket.services.comment(agent, "Works again.", status="done")
    assert sorted(receiver.received) == ["changed", "commented"]
    assert receiver.statuses == ["done", "done"]
    first, second = receiver.arguments
    assert first["event"] == second["event"]


def test_no_signal_after_a_rollback(
    ticket: HelpDeskTicket,
    agent: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    receiver: Receiver,
    database_alias: str,
) -> None:
    with transaction.atomic(using=database_alias):
        create_ticket(created_by=agent)
        ticket.services.start(agent)
        ticket.services.comment(agent, "Hello?")
        transaction.set_rollback(True, using=database_alias)
    with pytest.raises(ValidationError):
        ticket.services.comment(agent, " ")
    assert receiver.received == []


def test_no_signal_before_the_commit(
    ticket: HelpDeskTicket, agent: Any, receiver: Receiver, database_alias: str
) -> None:
    with transaction.atomic(using=database_alias):
        ticket.services.start(agent)
        assert receiver.received == []
    assert receiver.received == ["changed"]


def test_no_signal_without_a_change(ticket: HelpDeskTicket, agent: Any, receiver: Receiver) -> None:
    ticket.services.update(agent, priority=ticket.priority)
    ticket.services.follow(agent)
    ticket.save()
    assert receiver.received == []


def test_error_of_a_receiver_is_logged_and_does_not_stop_others(
    ticket: HelpDeskTicket,
    agent: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    connect: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    settings: Any,
) -> None:
    settings.ADMINS = []  # or Django emails them the logged errors

    def fail(**kwargs: Any) -> None:
        message = "An error of the receiver."
        raise RuntimeError(message)

    for signal in SIGNALS.values():
        connect(signal, fail)
    receiver = Receiver()
    for name, signal in SIGNALS.items():
        connect(signal, lambda name=name, **arguments: receiver.receive(name, arguments))
    caplog.set_level(logging.ERROR)
    created = create_ticket(created_by=agent)
    ticket.services.comment(agent, "Seen.", status="prog")
    assert sorted(receiver.received) == ["changed", "commented", "created"]
    assert caplog.text.count("An error of the receiver.") >= 3
    assert HelpDeskTicket.objects.filter(pk=created.pk).exists()
    ticket.refresh_from_db()
    assert ticket.status == "prog"
    assert ticket.comments.count() == 1


def test_documented_receivers_work(
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
    namespace: dict[str, Any] = {}
    exec(block.compiled(), namespace)
    try:
        ticket.services.comment(agent, "Internal.", internal=True)
        ticket.services.comment(agent, "Works again.", status="done")
    finally:
        ticket_changed.disconnect(namespace["count_done"])
        ticket_commented.disconnect(namespace["note_reply"])
    assert capsys.readouterr().out.splitlines() == [
        f"{agent} replied on {ticket}.",
        f"{ticket} was done by {agent}.",
    ]
