"""The webhook channel, from an event to the request that a receiver gets."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification
from tests.support.receivers import (
    SECRET,
    OneRequestWebhookChannel,
    Receiver,
    make_webhooks_due,
    no_response,
    run_receiver,
    status,
)

pytestmark = pytest.mark.django_db


def entry(receiver: Receiver, *kinds: str) -> dict[str, Any]:
    return {"url": receiver.url, "secret": SECRET, "kinds": list(kinds)}


class TestInternalNotes:
    NOTE = "The reporter broke it."

    @pytest.fixture
    def kinds_sent(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> Callable[..., list[list[str]]]:
        """Adds a note, and returns the kinds that a webhook with such `kinds` receives."""

        def add_note(*kinds: str, **options: Any) -> list[list[str]]:
            configure(entry(receiver, *kinds) if kinds else receiver.url)
            ticket.services.comment(agent, self.NOTE, internal=True, **options)
            runner.deliver()
            return receiver.kinds

        return add_note

    @pytest.mark.parametrize(
        "kinds", [(), ("new", "reply", "assignment", "status", "priority")], ids=["any", "listed"]
    )
    def test_note_is_not_sent_by_default(
        self, kinds_sent: Callable[..., list[list[str]]], kinds: tuple[str, ...]
    ) -> None:
        assert kinds_sent(*kinds) == []
        assert not Notification.objects.exists()

    @pytest.mark.parametrize("kinds", [(), ("status",)], ids=["any", "listed"])
    def test_change_with_a_note_is_sent_without_the_note(
        self, kinds_sent: Callable[..., list[list[str]]], receiver: Receiver, kinds: tuple[str, ...]
    ) -> None:
        assert kinds_sent(*kinds, status="done") == [["status"]]
        (payload,) = receiver.payloads
        assert payload["event"]["text"] is None
        assert payload["event"]["changes"] == {"status": ["read", "done"]}
        assert self.NOTE.encode() not in receiver.requests[0].body

    def test_note_is_sent_if_kinds_contain_it(
        self, kinds_sent: Callable[..., list[list[str]]], receiver: Receiver
    ) -> None:
        assert kinds_sent("note") == [["note"]]
        assert receiver.payloads[0]["event"]["text"] == self.NOTE

    def test_waiting_note_fails_if_kinds_no_longer_contain_it(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> None:
        configure(entry(receiver, "note"))
        ticket.services.comment(agent, self.NOTE, internal=True)
        configure(receiver.url)
        assert runner.deliver().failed == 1
        assert receiver.requests == []
        assert "not configured for this kind" in Notification.objects.get().error


class TestSubscribers:
    def test_only_configured_kinds_are_sent(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        manager: Any,
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> None:
        configure(entry(receiver, "status", "assignment"))
        ticket.services.comment(agent, "@manager: look.")
        ticket.services.update(agent, priority="low")
        ticket.services.update(agent, description="A new description.")
        ticket.services.assign(agent, actor=manager)
        ticket.services.complete(agent)
        runner.deliver()
        assert receiver.kinds == [["assignment"], ["status"]]

    def test_rules_cannot_send_webhooks_to_users(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
        settings: Any,
    ) -> None:
        configure(receiver.url)
        settings.HELP_DESK["NOTIFICATION_RULES"] = {"reply": {"creator": ["webhook"]}}
        ticket.services.comment(agent, "Seen.")
        assert Notification.objects.get().recipient is None

    def test_no_webhook_for_a_deleted_ticket(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> None:
        configure(receiver.url)
        ticket.services.comment(agent, "Seen.")
        ticket.services.delete(agent)
        assert runner.deliver().skipped == 1
        assert receiver.requests == []

    def test_removed_url_fails_with_an_error(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> None:
        configure(receiver.url)
        ticket.services.comment(agent, "Seen.")
        configure(f"{receiver.url}/another")
        assert runner.deliver().failed == 1
        assert "WEBHOOKS" in Notification.objects.get().error
        assert receiver.requests == []

    def test_duplicate_url_does_not_undo_the_ticket(
        self,
        reporter: Any,
        create_ticket: Callable[..., HelpDeskTicket],
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> None:
        configure(receiver.url, receiver.url, receiver.url.upper().replace("HTTP", "http"))
        ticket = create_ticket(created_by=reporter)
        assert ticket.events.get().notifications.count() == 1

    def test_invalid_entry_is_logged_and_does_not_undo_the_ticket(
        self,
        reporter: Any,
        create_ticket: Callable[..., HelpDeskTicket],
        receiver: Receiver,
        configure: Callable[..., None],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        configure({"url": receiver.url, "secret": "t0ken"}, {}, receiver.url)  # a short secret
        create_ticket(created_by=reporter)
        assert runner.deliver().sent == 1
        assert "HELP_DESK['WEBHOOKS'][0] is not used: the secret" in caplog.text
        assert "t0ken" not in caplog.text


class TestErrors:
    def test_response_decides_the_result(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> None:
        configure(receiver.url)
        receiver.responses = [status(503), status(410), status(302, "Location: /elsewhere")]
        for text in ("One.", "Two.", "Three.", "Four."):
            ticket.services.comment(agent, text)
        report = runner.deliver()
        assert (report.sent, report.retried, report.failed) == (1, 1, 2)
        errors = Notification.objects.order_by("pk").values_list("error", flat=True)
        assert [error[:26] for error in errors] == [
            "127.0.0.1 responded with 5",
            "127.0.0.1 responded with 4",
            "127.0.0.1 responded with 3",
            "",
        ]

    def test_unresponsive_url_delays_others_once(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
    ) -> None:
        with run_receiver() as silent:
            silent.response = no_response
            configure(silent.url, receiver.url, channel=OneRequestWebhookChannel)
            for text in ("One.", "Two.", "Three."):
                ticket.services.comment(agent, text)
            assert Notification.objects.order_by("pk").first().address == silent.url
            runner.deliver()
            assert len(silent.requests) == 1
        of_silent = Notification.objects.filter(address=silent.url)
        assert {row.status for row in of_silent} == {"wait"}
        assert {row.attempts for row in of_silent} == {1}
        assert all("timed out" in row.error for row in of_silent)
        # The other URL is slow for this channel, too; being deferred is no attempt.
        for _run in range(3):
            make_webhooks_due()
            Notification.objects.filter(address=silent.url).write(
                due_datetime=timezone.now() + timedelta(days=1)
            )
            runner.deliver()
        of_good = Notification.objects.filter(address=receiver.url)
        assert {(row.status, row.attempts) for row in of_good} == {("sent", 1)}
        assert len(receiver.requests) == 3

    def test_secrets_are_neither_logged_nor_stored(
        self,
        ticket: HelpDeskTicket,
        agent: Any,
        receiver: Receiver,
        configure: Callable[..., None],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        configure(f"{receiver.url}?key=t0ken")
        receiver.responses = [b"rubbish\r\n\r\n", status(500), status(404)]
        ticket.services.comment(agent, "Seen.")
        for _attempt in range(3):
            runner.deliver()
            (row,) = Notification.objects.values()
            assert row["error"]
            assert "t0ken" not in row["error"]
            assert not any(SECRET in str(value) for value in row.values())
            make_webhooks_due()
        assert len(receiver.requests) == 3
        # Django logs queries at the lowest level.
        own = [record for record in caplog.records if not record.name.startswith("django.db")]
        assert not any(
            word in f"{record.getMessage()} {record.exc_text}"
            for record in own
            for word in (SECRET, "t0ken")
        )
