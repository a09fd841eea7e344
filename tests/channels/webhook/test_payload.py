"""The payload of webhooks."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from help_desk.channels.webhook.channel import WebhookChannel
from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification
from tests.docs.blocks import ROOT, blocks_of
from tests.support.receivers import Receiver

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs" / "howto" / "receive_webhooks.md"


def test_new_ticket(
    reporter: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    receiver: Receiver,
    configure: Callable[..., None],
) -> None:
    configure(receiver.url)
    text = 'The lift sings "é漢🛗"\n</script>'
    ticket = create_ticket(created_by=reporter, purpose="comp", description=text)
    assert runner.deliver().sent == 1
    (payload,) = receiver.payloads
    event = ticket.events.get()
    name = reporter.get_username()
    assert payload == {
        "version": 1,
        "event": {
            "id": event.pk,
            "kinds": ["new"],
            "created_at": payload["event"]["created_at"],
            "actor": {"id": str(reporter.pk), "name": None if "@" in name else name},
            "changes": {
                "purpose": [None, "comp"],
                "priority": [None, "med"],
                "status": [None, "read"],
                "description": [None, text],
            },
            "text": None,
        },
        "ticket": {
            "number": ticket.pk,
            "url": f"https://intranet.example.com/help_desk/page/{ticket.pk}/detail/",
            "created_at": payload["ticket"]["created_at"],
            "fields": {
                "purpose": "comp",
                "priority": "med",
                "status": "read",
                "description": text,
                "assigned_to": None,
                "is_active": True,
                "is_deleted": False,
            },
        },
    }
    for value in (payload["event"]["created_at"], payload["ticket"]["created_at"]):
        assert value.endswith("+00:00")
        assert abs(datetime.fromisoformat(value).timestamp() - time.time()) < 60


def test_fields_are_the_values_at_the_time_of_the_event(
    ticket: HelpDeskTicket,
    agent: Any,
    manager: Any,
    receiver: Receiver,
    configure: Callable[..., None],
) -> None:
    configure(receiver.url)
    description = ticket.description
    ticket.services.comment(agent, "Works again.", status="done")
    ticket.services.assign(agent, actor=manager)
    ticket.services.update(manager, status="prog", priority="urge", description="It does not.")
    ticket.services.update(manager, priority="low")
    assert runner.deliver().sent == 4
    first, second, third, _fourth = receiver.payloads
    assert receiver.kinds == [
        ["reply", "status"],
        ["assignment"],
        ["priority", "status"],
        ["priority"],
    ]
    assert first["event"]["changes"] == {"status": ["read", "done"]}
    assert first["event"]["text"] == "Works again."
    fields = first["ticket"]["fields"]
    assert (fields["status"], fields["priority"]) == ("done", "med")
    assert (fields["description"], fields["assigned_to"]) == (description, None)
    name = agent.get_username()
    assignee = {"id": str(agent.pk), "name": None if "@" in name else name}
    assert second["event"]["changes"] == {"assigned_to": [None, assignee]}
    assert second["ticket"]["fields"]["assigned_to"] == assignee
    assert second["ticket"]["fields"]["status"] == "done"
    assert third["ticket"]["fields"]["description"] == "It does not."
    assert third["ticket"]["fields"]["priority"] == "urge"
    assert third["ticket"]["fields"]["assigned_to"] == assignee


def test_email_addresses_are_not_sent(
    ticket: HelpDeskTicket,
    agent: Any,
    manager: Any,
    receiver: Receiver,
    configure: Callable[..., None],
) -> None:
    configure(receiver.url)
    ticket.services.assign(agent, actor=manager)
    ticket.services.comment(agent, "I am looking at it.")
    assert runner.deliver().sent == 2
    assert all(b"@" not in request.body for request in receiver.requests)


def test_number_of_queries_does_not_depend_on_the_batch_size(
    ticket: HelpDeskTicket,
    agent: Any,
    configure: Callable[..., None],
    receiver: Receiver,
    capture_queries: Callable[[], Any],
) -> None:
    configure(receiver.url)
    counts = []
    for replies in (1, 9):
        for number in range(replies):
            ticket.services.comment(agent, f"Reply {number}.")
        rows = list(
            Notification.objects.filter(status="wait").select_related(
                "event__ticket", "event__actor", "event__comment"
            )
        )
        with capture_queries() as queries:
            results = list(WebhookChannel().send(rows))
        assert all(result.error == "" for result in results)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_documented_payload_has_the_fields_that_are_sent(
    ticket: HelpDeskTicket,
    agent: Any,
    receiver: Receiver,
    configure: Callable[..., None],
) -> None:
    configure(receiver.url)
    ticket.services.comment(agent, "Works again.", status="done")
    runner.deliver()
    (documented,) = [
        json.loads(block.code) for block in blocks_of(PAGE) if block.code.startswith("{")
    ]
    (sent,) = receiver.payloads
    assert _outline(documented) == _outline(sent)
    for header in set(re.findall(r"Help-Desk-\w+", PAGE.read_text(encoding="utf-8"))):
        assert header in receiver.requests[0].headers


def _outline(value: Any) -> Any:
    """Return the names in a payload, without the values."""
    if not isinstance(value, dict) or value.keys() == {"id", "name"}:
        return None
    return [(key, _outline(inner)) for key, inner in value.items()]
