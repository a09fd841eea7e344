"""Unusual and invalid input: what is stored unchanged and what is rejected."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification
from help_desk.validators import TEXT_MAX_LENGTH


def create(reporter: Any, description: Any) -> HelpDeskTicket:
    return HelpDeskTicket().services.create(
        reporter, purpose="app", priority="low", description=description
    )


@pytest.mark.parametrize(
    "text",
    [
        "شاشة سوداء عند الطباعة",
        "\u202eright to left override\u202c",
        "🖨️ kaput 👩‍👩‍👧 🇨🇭",
        "<script>alert(1)</script> & {{ secret }} {% load x %}",
        "'; DROP TABLE django_spire_help_desk_ticket; --",
        "line one\r\nline two\rline three\u2028four",
        "\x07bell \x1b[31mred",
        "x" * TEXT_MAX_LENGTH,
        "👾" * TEXT_MAX_LENGTH,
    ],
    ids=["rtl", "bidi", "emoji", "markup", "sql", "lines", "control", "longest", "wide"],
)
def test_unusual_text_is_stored_unchanged_and_sent_by_email(reporter: Any, text: str) -> None:
    ticket = create(reporter, text)
    assert HelpDeskTicket.objects.get(pk=ticket.pk).description == text
    assert ticket.events.get().changes["description"] == [None, text]
    sent = runner.deliver().sent
    assert sent == len(mail.outbox) == 2
    for message in mail.outbox:
        assert message.message().as_bytes()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("half a \ud83d smiley", "not_encodable"),
        ("\udc80", "not_encodable"),
        ("nul \x00 byte", "null_characters_not_allowed"),
        ("x" * (TEXT_MAX_LENGTH + 1), "max_length"),
        ("x" * 10_000_000, "max_length"),
    ],
    ids=["high-surrogate", "low-surrogate", "nul", "one-too-many", "ten-megabytes"],
)
def test_text_that_cannot_be_stored_is_rejected(reporter: Any, text: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        create(reporter, text)
    assert [error.code for error in caught.value.error_dict["description"]] == [code]
    assert not HelpDeskTicket.objects.exists()
    assert not Notification.objects.exists()


@pytest.mark.parametrize("name", ["purpose", "priority", "status"])
@pytest.mark.parametrize(
    "value",
    ["\x00", "\ud800", "app ", "x" * 10_000_000, 10**20, b"app", object()],
    ids=["nul", "surrogate", "space", "long", "number", "bytes", "object"],
)
def test_invalid_choices_are_rejected(ticket: HelpDeskTicket, name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(actor=None, **{name: value})
    assert caught.value.error_dict.keys() == {name}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=200))
def test_any_text_is_stored_unchanged_or_rejected(ticket: HelpDeskTicket, text: str) -> None:
    try:
        ticket.services.update(actor=None, description=text)
    except ValidationError:
        ticket.refresh_from_db()
    else:
        assert HelpDeskTicket.objects.get(pk=ticket.pk).description == text
