"""The e-mail that developers get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from help_desk.channels.email.channel import EmailChannel
from help_desk.choices import NotificationStatusChoices
from help_desk.delivery import runner as delivery
from help_desk.models import HelpDeskTicket, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.mail import EmailMultiAlternatives

    Send = Callable[..., EmailMultiAlternatives]

DESCRIPTION = 'The <b>dashboard</b> & "chart"\n\nfail. <script>alert(1)</script>'


@pytest.fixture
def send(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any
) -> Callable[..., Any]:
    """Files a ticket and gives the message that was sent."""
    settings.ADMINS = ["ada@example.com"]

    def file_and_send(**fields: Any) -> Any:
        create_ticket(created_by=reporter, **fields)
        assert delivery.deliver().sent == 1
        (message,) = mail.outbox
        return message

    return file_and_send


def html_of(message: EmailMultiAlternatives) -> str:
    (html,) = (part.content for part in message.alternatives if part.mimetype == "text/html")
    return str(html)


def test_both_parts_hold_number_priority_purpose_description_and_link(send: Send) -> None:
    message = send(priority="high", purpose="app", description="It hangs.")
    ticket = HelpDeskTicket.objects.get()
    url = f"https://intranet.example.com/help_desk/page/{ticket.pk}/detail/"
    for said in (f"#{ticket.pk}", "High", "App", "It hangs.", url):
        assert said in message.body
        assert said in html_of(message)
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


def test_mail_programs_are_told_that_no_person_wrote_it(send: Send) -> None:
    assert send().message()["Auto-Submitted"] == "auto-generated"


def test_mail_goes_out_without_a_link_where_there_is_none(send: Send, settings: Any) -> None:
    settings.HELP_DESK = {}
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "django.contrib.sites"
    ]
    message = send()
    assert "http" not in message.body
    assert "<a " not in html_of(message)


def test_mail_goes_out_without_a_link_where_the_pages_are_not_mounted(
    send: Send, settings: Any
) -> None:
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
    ids=["developing", "live", "empty", "none"],
)
def test_all_mail_goes_to_the_developer_while_developing(
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
def test_subject_is_one_line_and_keeps_what_people_write(
    send: Send, description: str, subject: str
) -> None:
    message = send(description=description)
    assert message.subject.partition(": ")[2] == subject
    assert message.message()["Bcc"] is None


@pytest.mark.parametrize(
    "address", ["ada@example.com\nBcc: everybody@example.com", "", None], ids=repr
)
def test_row_with_a_senseless_address_is_given_up_at_once(
    create_ticket: Callable[..., HelpDeskTicket], manager: Any, settings: Any, address: str | None
) -> None:
    settings.ADMINS = []
    event = create_ticket(created_by=manager).events.get()
    row = Notification(
        event=event, recipient=manager, address=address, channel="email", status="wait"
    )
    row.due_datetime = row.created_datetime
    row.save()
    assert delivery.deliver().failed == 1
    row.refresh_from_db()
    assert (row.status, row.due_datetime) == (NotificationStatusChoices.FAILED, None)
    assert row.error
    assert mail.outbox == []


def test_language_is_the_sites_whatever_the_visitors(send: Send, settings: Any) -> None:
    settings.LANGUAGE_CODE = "de-ch"
    html = html_of(send())
    assert '<html lang="de-ch" dir="ltr">' in html


def test_old_mail_settings_are_read_without_a_warning(settings: Any) -> None:
    if hasattr(settings, "MAILERS"):
        del settings.MAILERS  # and Django falls back on what it deprecates
    assert EmailChannel().check() == []
