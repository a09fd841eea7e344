"""No text that a user types changes the headers or the structure of an email."""

from __future__ import annotations

import random
import re
import unicodedata
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from help_desk.channels.email.message import message_of
from help_desk.models import HelpDeskTicket, Notification, TicketComment, TicketEvent
from help_desk.validators import TEXT_MAX_LENGTH
from tests.support.corpora import HARMLESS, LONG_UNITS, SEED, TEXTS, repeat
from tests.support.documents import HTML, markup_problems, parse, skeleton
from tests.support.factories import TicketFactory, UserFactory

if TYPE_CHECKING:
    from email.message import EmailMessage

pytestmark = pytest.mark.django_db

SAMPLES = 6

families = pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)


def _samples(texts: tuple[str, ...]) -> list[str]:
    """Return some texts, and all of them as one."""
    return [*random.Random(SEED).sample(texts, SAMPLES), "\n".join(texts)]


def is_text(element: Any) -> bool:
    return element.tag == f"{HTML}blockquote"


class Outbox:
    """One email for each of four occasions, with a text wherever users type one."""

    def __init__(self) -> None:
        recipient = UserFactory(name="recipient", is_superuser=True)
        self.actor = UserFactory(name="actor")
        self.ticket = TicketFactory(created_by=self.actor)
        self.comment = TicketComment.objects.create(
            ticket=self.ticket, author=self.actor, text=HARMLESS
        )
        self.new = self.ticket.events.get()
        self.reply = self._event(type="comment", comment=self.comment)
        self.update = self._event(type="update")
        other = TicketFactory(created_by=self.actor).events.get()
        self.rows = {
            event: Notification.objects.create(
                event=event,
                recipient=recipient,
                address="recipient@people.example.com",
                channel="email",
                status="wait",
                kinds=["new"],
            )
            for event in (self.new, self.reply, self.update, other)
        }

    def _event(self, **values: Any) -> TicketEvent:
        return TicketEvent.objects.create(ticket=self.ticket, actor=self.actor, **values)

    def messages(self, text: str) -> tuple[EmailMessage, EmailMessage]:
        """Return the first email of the ticket and a digest, as a mail server gets them."""
        self.actor.first_name = text[:150]
        self.ticket.description = self.comment.text = text
        self.new.changes = {**self.new.changes, "description": [None, text]}
        self.reply.changes = {"text": [None, text]}
        self.update.changes = {"priority": [text[:99], text[:99]], "status": ["read", text[:99]]}
        for event in (self.new, self.reply, self.update):
            event.ticket, event.actor = self.ticket, self.actor
        return _sent([self.rows[self.new]]), _sent(list(self.rows.values()))


def _sent(rows: list[Notification]) -> EmailMessage:
    return message_from_bytes(message_of(rows).message().as_bytes(), policy=policy.default)


def structure(message: EmailMessage) -> list[Any]:
    """Return the headers and parts of an email, without users' texts."""
    subject = message["Subject"]
    assert not set(subject) & set("\r\n\x00")
    html = message.get_body(("html",)).get_content()
    root = parse(html)
    assert markup_problems(root, is_text) == []
    variable = {"Subject", "Date", "Content-Type", "List-Unsubscribe"}
    headers = [(name, None if name in variable else value) for name, value in message.items()]
    parts = [
        (part.get_content_type(), sorted(set(part.keys()) - {"Content-Transfer-Encoding"}))
        for part in message.walk()
    ]
    return [headers, parts, skeleton(root, is_text)]


@families
def test_emails_keep_their_headers_and_structure(texts: tuple[str, ...]) -> None:
    outbox = Outbox()
    harmless = [structure(message) for message in outbox.messages(HARMLESS)]
    for text in _samples(texts):
        messages = outbox.messages(text)
        assert [structure(message) for message in messages] == harmless
        # The text part has the text as it was typed.
        typed = "\n".join(text.splitlines())
        for message in messages:
            body = message.get_body(("plain",)).get_content()
            assert typed in "\n".join(body.splitlines())


@families
def test_subject_is_one_line_of_what_was_typed(texts: tuple[str, ...]) -> None:
    outbox = Outbox()
    for text in texts:
        outbox.ticket.description = text
        outbox.update.ticket = outbox.ticket
        message = _sent([outbox.rows[outbox.update]])
        subject = message["Subject"]
        assert not any(unicodedata.category(character) == "Cc" for character in subject)
        # A mail program decodes encoded words (RFC 2047); a user cannot type one.
        assert "\r\nBcc" not in str(make_header(decode_header(message.get_all("Subject")[0])))
        assert re.sub(r"\W", "", subject[: len("Re: Ticket #1: ") + 9]) in re.sub(
            r"\W", "", f"Re: Ticket #1: {text}"
        )


@pytest.mark.parametrize("unit", LONG_UNITS, ids=ascii)
def test_emails_of_long_texts_have_a_short_subject(unit: str) -> None:
    outbox = Outbox()
    new, _digest = outbox.messages(repeat(unit, TEXT_MAX_LENGTH))
    assert len(new["Subject"]) < 300


def test_hostile_texts_reach_only_the_recipients(
    django_capture_on_commit_callbacks: Any, manager: Any
) -> None:
    agent = UserFactory(name="agent", is_superuser=True)
    for text in TEXTS["headers"][:5]:
        with django_capture_on_commit_callbacks(execute=True):
            ticket = HelpDeskTicket().services.create(
                agent, purpose="app", priority="low", description=text
            )
            ticket.services.comment(agent, text)
    assert mail.outbox
    addresses = {address for message in mail.outbox for address in message.recipients()}
    assert not any("evil.example" in address for address in addresses)
