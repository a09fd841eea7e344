"""The signature of webhooks, and how receivers verify it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket
from tests.docs.blocks import ROOT, blocks_of
from tests.support.receivers import SECRET, Receiver, Request, make_webhooks_due, status

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs" / "howto" / "receive_webhooks.md"


def is_signed(request: Request, secret: str = SECRET) -> bool:
    signed = f"{request.headers['Help-Desk-Timestamp']}.".encode() + request.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return request.headers["Help-Desk-Signature"] == f"sha256={expected}"


def test_every_attempt_is_signed_and_has_the_same_id(
    ticket: HelpDeskTicket,
    agent: Any,
    receiver: Receiver,
    configure: Callable[..., None],
) -> None:
    configure(receiver.url)
    receiver.responses = [status(503), status(429)]
    ticket.services.comment(agent, "Seen.")
    assert runner.deliver().retried == 1
    ticket.services.update(agent, priority="low", description="Another.")
    for _attempt in range(2):
        make_webhooks_due()
        runner.deliver()
    about_reply = [
        request
        for request in receiver.requests
        if json.loads(request.body)["event"]["kinds"] == ["reply"]
    ]
    assert len(about_reply) == 3
    assert len({request.headers["Help-Desk-Delivery"] for request in about_reply}) == 1
    assert len({request.body for request in about_reply}) == 1
    assert len({request.headers["Help-Desk-Delivery"] for request in receiver.requests}) == 2
    assert all(map(is_signed, receiver.requests))
    assert not is_signed(about_reply[0], "another secret")


def test_documented_verification_accepts_only_genuine_requests(
    ticket: HelpDeskTicket,
    agent: Any,
    receiver: Receiver,
    configure: Callable[..., None],
) -> None:
    configure(receiver.url)
    ticket.services.comment(agent, "Seen.")
    runner.deliver()
    (block,) = [block for block in blocks_of(PAGE) if "def is_genuine" in block.code]
    reader: dict[str, Any] = {}
    exec(block.compiled(), reader)
    is_genuine = reader["is_genuine"]
    (request,) = receiver.requests
    headers = dict(request.headers)
    assert is_genuine(SECRET, headers, request.body)
    assert not is_genuine("another", headers, request.body)
    assert not is_genuine(SECRET, headers, request.body + b" ")
    assert not is_genuine(SECRET, {}, request.body)
    assert not is_genuine(SECRET, headers | {"Help-Desk-Timestamp": "é٣"}, request.body)
    assert not is_genuine(SECRET, headers | {"Help-Desk-Signature": "é"}, request.body)
    later = str(int(headers["Help-Desk-Timestamp"]) + 1)
    assert not is_genuine(SECRET, headers | {"Help-Desk-Timestamp": later}, request.body)
    assert not is_genuine(SECRET, headers, request.body, max_age=-1)
