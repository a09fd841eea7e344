"""The rendered email."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from help_desk.channels.email.message import message_of
from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.mail import EmailMultiAlternatives

    Send = Callable[..., EmailMultiAlternatives]

DESCRIPTION = 'The <b>dashboard</b> & "chart"\n\nfail. <script>alert(1)</script>'


@pytest.fixture
def send(create_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any) -> Send:
    """Creates a ticket and returns the email that was sent."""
    settings.ADMINS = ["ada@example.com"]

    def create_and_send(**fields: Any) -> Any:
        create_ticket(created_by=reporter, **fields)
        assert runner.deliver().sent == 1
        (message,) = mail.outbox
        return message

    return create_and_send


def html_of(message: EmailMultiAlternatives) -> str:
    (html,) = (part.content for part in message.alternatives if part.mimetype == "text/html")
    return str(html)


def test_both_parts_contain_number_priority_purpose_description_and_link(send: Send) -> None:
    message = send(priority="high", purpose="app", description="It hangs.")
    ticket = HelpDeskTicket.objects.get()
    url = f"https://intranet.example.com/help_desk/page/{ticket.pk}/detail/"
    for text in (f"#{ticket.pk}", "High", "App", "It hangs.", url):
        assert text in message.body
        assert text in html_of(message)
    assert message.subject == f"Ticket #{ticket.pk}: It hangs."
    assert message.to == ["ada@example.com"]
    assert message.from_email == "intranet@example.com"


def test_description_is_escaped_in_html_only(send: Send) -> None:
    message = send(description=DESCRIPTION)
    html = html_of(message)
    assert DESCRIPTION in message.body
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;dashboard&lt;/b&gt; &amp; &quot;chart&quot;" in html


@pytest.mark.hosts("default", "custom_user", "login_required", "multi_db", "use_tz_false")
def test_both_parts_contain_reply_and_unsubscribe_links(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "Hello.")
    rows = Notification.objects.filter(recipient=reporter, channel="email").with_tickets()
    message = message_of(list(rows))
    for part in (message.body, html_of(message)):
        assert "Reply on the ticket page. Replies to this email are not monitored." in part
        assert "Unsubscribe" in part
        assert "Notification preferences" in part


def test_email_has_no_links_without_a_site_url(send: Send, settings: Any) -> None:
    settings.HELP_DESK = {}
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.sites"
    ]
    message = send()
    assert "http" not in message.body
    assert "<a " not in html_of(message)


def test_email_has_no_links_if_the_urls_are_not_included(send: Send, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.empty_urls"
    assert "http" not in send().body


@pytest.mark.parametrize(
    ("debug", "address", "to"),
    [
        (True, "dev@example.com", "dev@example.com"),
        (False, "dev@example.com", "ada@example.com"),
        (True, "", "ada@example.com"),
        (True, None, "ada@example.com"),
    ],
    ids=["debug", "production", "empty", "none"],
)
def test_development_email_replaces_the_recipient_in_debug_mode(
    send: Send, settings: Any, *, debug: bool, address: str | None, to: str
) -> None:
    settings.DEBUG, settings.DEVELOPMENT_EMAIL = debug, address
    assert send().to == [to]
    assert Notification.objects.get(channel="email").address == "ada@example.com"


@pytest.mark.parametrize(
    ("description", "subject"),
    [
        ("Broken\r\nBcc: everybody@example.com", "Broken Bcc: everybody@example.com"),
        ("a\x07b\x1bc\x7fd\u2028e", "a b c d e"),
        ("👩‍👩‍👧 می‌خواهم", "👩‍👩‍👧 می‌خواهم"),
    ],
    ids=["header", "control", "joiners"],
)
def test_subject_is_one_line_without_control_characters(
    send: Send, description: str, subject: str
) -> None:
    message = send(description=description)
    assert message.subject.partition(": ")[2] == subject
    assert message.message()["Bcc"] is None


def test_language_is_that_of_the_site(send: Send, settings: Any) -> None:
    settings.LANGUAGE_CODE = "de-ch"
    html = html_of(send())
    assert '<html lang="de-ch" dir="ltr">' in html
