"""Webhooks, from what a person does to what another program gets."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from help_desk.channels.webhook.channel import WebhookChannel
from help_desk.delivery import runner as delivery
from help_desk.models import HelpDeskTicket, Notification
from tests.docs.blocks import ROOT, blocks_of
from tests.support.receivers import (
    SECRET,
    HastyWebhookChannel,
    Receiver,
    Request,
    receiving,
    silence,
    status,
)

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs" / "howto" / "receive_webhooks.md"


def entry(receiver: Receiver, *kinds: str) -> dict[str, Any]:
    return {"url": receiver.url, "secret": SECRET, "kinds": list(kinds)}


def payloads(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in receiver.requests]


def kinds_of(receiver: Receiver) -> list[list[str]]:
    return [payload["event"]["kinds"] for payload in payloads(receiver)]


def make_due() -> None:
    rows = Notification.objects.filter(channel="webhook", due_datetime__gt=timezone.now())
    rows.write(due_datetime=timezone.now())


def is_signed(request: Request, secret: str = SECRET) -> bool:
    signed = f"{request.headers['Help-Desk-Timestamp']}.".encode() + request.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return request.headers["Help-Desk-Signature"] == f"sha256={expected}"


class TestPayload:
    def test_new_ticket(
        self,
        reporter: Any,
        create_ticket: Callable[..., HelpDeskTicket],
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        text = 'The lift sings "é漢🛗"\n</script>'
        ticket = create_ticket(created_by=reporter, purpose="comp", description=text)
        assert delivery.deliver().sent == 1
        (payload,) = payloads(receiver)
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
        for moment in (payload["event"]["created_at"], payload["ticket"]["created_at"]):
            assert moment.endswith("+00:00")
            assert abs(datetime.fromisoformat(moment).timestamp() - time.time()) < 60

    def test_fields_are_those_of_the_event_and_not_of_the_sending(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        manager: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        description = ticket.description
        ticket.services.comment(agent, "Works again.", status="done")
        ticket.services.assign(agent, actor=manager)
        ticket.services.update(manager, status="prog", priority="urge", description="It does not.")
        ticket.services.update(manager, priority="low")
        assert delivery.deliver().sent == 4
        first, second, third, _fourth = payloads(receiver)
        assert kinds_of(receiver) == [
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
        person = {"id": str(agent.pk), "name": None if "@" in name else name}
        assert second["event"]["changes"] == {"assigned_to": [None, person]}
        assert second["ticket"]["fields"]["assigned_to"] == person
        assert second["ticket"]["fields"]["status"] == "done"
        assert third["ticket"]["fields"]["description"] == "It does not."
        assert third["ticket"]["fields"]["priority"] == "urge"
        assert third["ticket"]["fields"]["assigned_to"] == person

    def test_nobody_s_address_is_told(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        manager: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        ticket.services.assign(agent, actor=manager)
        ticket.services.comment(agent, "I am looking at it.")
        assert delivery.deliver().sent == 2
        assert all(b"@" not in request.body for request in receiver.requests)

    def test_number_of_queries_does_not_grow_with_the_batch(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        set_up: Callable[..., None],
        receiver: Receiver,
        capture_queries: Callable[[], Any],
    ) -> None:
        set_up(receiver.url)
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
                outcomes = list(WebhookChannel().send(rows))
            assert all(outcome.error == "" for outcome in outcomes)
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestSignature:
    def test_request_is_signed_and_its_name_lasts(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        receiver.answers = [status(503), status(429)]
        ticket.services.comment(agent, "Seen.")
        assert delivery.deliver().retried == 1
        ticket.services.update(agent, priority="low", description="Another.")
        for _attempt in range(2):
            make_due()
            delivery.deliver()
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

    def test_the_documentation_s_receiver_believes_only_what_is_genuine(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        ticket.services.comment(agent, "Seen.")
        delivery.deliver()
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

    def test_the_documentation_shows_what_is_sent(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        ticket.services.comment(agent, "Works again.", status="done")
        delivery.deliver()
        (shown,) = [
            json.loads(block.code) for block in blocks_of(PAGE) if block.code.startswith("{")
        ]
        (sent,) = payloads(receiver)
        assert _outline(shown) == _outline(sent)
        for header in set(re.findall(r"Help-Desk-\w+", PAGE.read_text(encoding="utf-8"))):
            assert header in receiver.requests[0].headers


def _outline(value: Any) -> Any:
    """The names of a payload, without the values."""
    if not isinstance(value, dict) or value.keys() == {"id", "name"}:
        return None
    return [(key, _outline(inner)) for key, inner in value.items()]


class TestNotes:
    NOTE = "The reporter broke it."

    @pytest.fixture
    def hear(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> Callable[..., list[list[str]]]:
        """Has a note written, and says what a webhook with these kinds hears."""

        def write(*kinds: str, **options: Any) -> list[list[str]]:
            set_up(entry(receiver, *kinds) if kinds else receiver.url)
            ticket.services.comment(agent, self.NOTE, internal=True, **options)
            delivery.deliver()
            return kinds_of(receiver)

        return write

    @pytest.mark.parametrize(
        "kinds", [(), ("new", "reply", "assignment", "status", "priority")], ids=["any", "listed"]
    )
    def test_note_stays_inside(
        self, hear: Callable[..., list[list[str]]], kinds: tuple[str, ...]
    ) -> None:
        assert hear(*kinds) == []
        assert not Notification.objects.exists()

    @pytest.mark.parametrize("kinds", [(), ("status",)], ids=["any", "listed"])
    def test_change_with_a_note_is_told_without_the_note(
        self, hear: Callable[..., list[list[str]]], receiver: Receiver, kinds: tuple[str, ...]
    ) -> None:
        assert hear(*kinds, status="done") == [["status"]]
        (payload,) = payloads(receiver)
        assert payload["event"]["text"] is None
        assert payload["event"]["changes"] == {"status": ["read", "done"]}
        assert self.NOTE.encode() not in receiver.requests[0].body

    def test_note_goes_where_it_is_asked_for_by_name(
        self, hear: Callable[..., list[list[str]]], receiver: Receiver
    ) -> None:
        assert hear("note") == [["note"]]
        assert payloads(receiver)[0]["event"]["text"] == self.NOTE

    def test_note_that_waits_does_not_leave_once_it_is_not_asked_for_any_more(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(entry(receiver, "note"))
        ticket.services.comment(agent, self.NOTE, internal=True)
        set_up(receiver.url)
        assert delivery.deliver().failed == 1
        assert receiver.requests == []
        assert "does not ask" in Notification.objects.get().error


class TestWhoIsTold:
    def test_kinds_that_are_asked_for(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        manager: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(entry(receiver, "status", "assignment"))
        ticket.services.comment(agent, "@manager: look.")
        ticket.services.update(agent, priority="low")
        ticket.services.update(agent, description="Nobody is told of that.")
        ticket.services.assign(agent, actor=manager)
        ticket.services.complete(agent)
        delivery.deliver()
        assert kinds_of(receiver) == [["assignment"], ["status"]]

    def test_people_hear_nothing_by_it_whatever_the_rules_say(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
        settings: Any,
    ) -> None:
        set_up(receiver.url)
        settings.HELP_DESK["NOTIFICATION_RULES"] = {"reply": {"creator": ["webhook"]}}
        ticket.services.comment(agent, "Seen.")
        assert Notification.objects.get().recipient is None

    def test_deleted_ticket_is_not_told_of(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        ticket.services.comment(agent, "Seen.")
        ticket.services.delete(agent)
        assert delivery.deliver().skipped == 1
        assert receiver.requests == []

    def test_url_that_is_no_longer_set_up_fails_in_words(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        ticket.services.comment(agent, "Seen.")
        set_up(f"{receiver.url}/another")
        assert delivery.deliver().failed == 1
        assert "WEBHOOKS" in Notification.objects.get().error
        assert receiver.requests == []

    def test_url_that_is_there_twice_does_not_undo_the_ticket(
        self,
        reporter: Any,
        create_ticket: Callable[..., HelpDeskTicket],
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url, receiver.url, receiver.url.upper().replace("HTTP", "http"))
        ticket = create_ticket(created_by=reporter)
        assert ticket.events.get().notifications.count() == 1

    def test_entry_that_cannot_be_used_is_logged_and_undoes_nothing(
        self,
        reporter: Any,
        create_ticket: Callable[..., HelpDeskTicket],
        receiver: Receiver,
        set_up: Callable[..., None],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        set_up({"url": receiver.url, "secret": "t0ken"}, {}, receiver.url)  # too short a secret
        create_ticket(created_by=reporter)
        assert delivery.deliver().sent == 1
        assert "HELP_DESK['WEBHOOKS'][0] is not used: the secret" in caplog.text
        assert "t0ken" not in caplog.text


class TestTrouble:
    def test_answer_decides(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        set_up(receiver.url)
        receiver.answers = [status(503), status(410), status(302, "Location: /elsewhere")]
        for text in ("One.", "Two.", "Three.", "Four."):
            ticket.services.comment(agent, text)
        report = delivery.deliver()
        assert (report.sent, report.retried, report.failed) == (1, 1, 2)
        errors = Notification.objects.order_by("pk").values_list("error", flat=True)
        assert [error[:20] for error in errors] == [
            "127.0.0.1 answered 5",
            "127.0.0.1 answered 4",
            "127.0.0.1 answered 3",
            "",
        ]

    def test_silent_endpoint_makes_others_wait_once(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
    ) -> None:
        with receiving() as silent:
            silent.answer = silence
            set_up(silent.url, receiver.url, channel=HastyWebhookChannel)
            for text in ("One.", "Two.", "Three."):
                ticket.services.comment(agent, text)
            assert Notification.objects.order_by("pk").first().address == silent.url
            delivery.deliver()
            assert len(silent.requests) == 1
        of_silent = Notification.objects.filter(address=silent.url)
        assert {row.status for row in of_silent} == {"wait"}
        assert {row.attempts for row in of_silent} == {1}
        assert all("TimeoutError" in row.error for row in of_silent)
        # HastyWebhookChannel finds the good one slow, too, and does not hold that against it.
        for _run in range(3):
            make_due()
            Notification.objects.filter(address=silent.url).write(
                due_datetime=timezone.now() + timedelta(days=1)
            )
            delivery.deliver()
        of_good = Notification.objects.filter(address=receiver.url)
        assert {(row.status, row.attempts) for row in of_good} == {("sent", 1)}
        assert len(receiver.requests) == 3

    def test_secret_and_query_are_in_no_log_and_the_secret_in_no_row(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        set_up: Callable[..., None],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        set_up(f"{receiver.url}?key=t0ken")
        receiver.answers = [b"rubbish\r\n\r\n", status(500), status(404)]
        ticket.services.comment(agent, "Seen.")
        for _attempt in range(3):
            delivery.deliver()
            (row,) = Notification.objects.values()
            assert row["error"]
            assert "t0ken" not in row["error"]
            assert not any(SECRET in str(value) for value in row.values())
            make_due()
        assert len(receiver.requests) == 3
        # Django logs queries at the lowest level, where somebody asks for that.
        own = [record for record in caplog.records if not record.name.startswith("django.db")]
        assert not any(
            word in f"{record.getMessage()} {record.exc_text}"
            for record in own
            for word in (SECRET, "t0ken")
        )
