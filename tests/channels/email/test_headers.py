"""The headers of an email."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import django
import pytest

from help_desk.channels.email.message import message_of
from help_desk.content import unsubscribe
from help_desk.models import HelpDeskTicket, Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.channels.email.headers import HelpDeskEmail

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.hosts("default", "custom_user", "login_required", "multi_db", "use_tz_false"),
]


def rows_for(user: Any) -> list[Notification]:
    rows = Notification.objects.filter(recipient=user, channel="email").order_by("pk")
    return list(rows.with_tickets())


def sent_bytes(message: HelpDeskEmail) -> bytes:
    """Return what Django's SMTP backend sends."""
    options = {"policy": policy.SMTP} if django.VERSION >= (6, 0) else {}
    sent: bytes = (
        message.message(**options).as_bytes(linesep="\r\n")
        if not options
        else (message.message(**options).as_bytes())
    )
    return sent


def headers(message: HelpDeskEmail) -> Any:
    """Return headers as a mail program that decodes no encoded words in addresses."""
    return message_from_bytes(sent_bytes(message), policy=policy.compat32)


@pytest.fixture
def use_site_url(settings: Any) -> Callable[[str], None]:
    """Sets `SITE_URL`."""

    def use_site_url(url: str) -> None:
        settings.HELP_DESK = {**settings.HELP_DESK, "SITE_URL": url}

    return use_site_url


def test_mentioned_user_unsubscribes_from_the_new_ticket(
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    agent: Any,
    use_site_url: Callable[[str], None],
) -> None:
    use_site_url("https://intranet.example.com")
    ticket = create_ticket(created_by=reporter, description=f"Ask @{agent.get_username()}.")
    ((row,),) = [rows_for(agent)]
    url = message_of([row]).extra_headers["List-Unsubscribe"][1:-1]
    unsubscription = unsubscribe.read(url.rstrip("/").rpartition("/")[2])
    assert unsubscription == unsubscribe.unsubscription_for(
        agent.pk, str(row.address), ticket_id=ticket.pk, is_new_ticket=False
    )


def test_ticket_is_one_conversation(
    create_ticket: Callable[..., HelpDeskTicket],
    developer: Any,
    grant: Callable[..., Any],
    reporter: Any,
    agent: Any,
) -> None:
    grant(developer, "view")
    ticket = create_ticket(created_by=reporter)
    ticket.services.follow(developer)
    ticket.services.comment(agent, "One.")
    ticket.services.comment(agent, "Two.")
    new, one, two = (headers(message_of([row])) for row in rows_for(developer))
    root = new["Message-ID"].strip()
    assert root == f"<help-desk.ticket.{ticket.pk}@intranet.example.com>"
    assert new["In-Reply-To"] is None
    for reply in (one, two):
        assert reply["In-Reply-To"].strip() == reply["References"].strip() == root
        assert reply["Subject"] == f"Re: {new['Subject']}"
        assert reply["Auto-Submitted"] == "auto-generated"
    assert len({email["Message-ID"] for email in (new, one, two)}) == 3


def test_same_rows_have_the_same_message_id_at_every_attempt(
    ticket: HelpDeskTicket, make_ticket: Callable[..., HelpDeskTicket], agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "One.")
    ticket.services.comment(agent, "Two.")
    make_ticket(created_by=reporter).services.comment(agent, "Three.")
    rows = rows_for(reporter)
    for part in (rows[:1], rows[:2], rows):
        first, second = (headers(message_of(part))["Message-ID"] for _attempt in range(2))
        assert first == second
    ids = {headers(message_of(part))["Message-ID"] for part in (rows[:1], rows[1:2], rows[2:])}
    assert len(ids) == 3


def test_long_urls_in_headers_are_not_folded(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, use_site_url: Callable[[str], None]
) -> None:
    use_site_url(f"https://{'sub.' * 20}example.com")
    ticket.services.comment(agent, "Hello.")
    raw = sent_bytes(message_of(rows_for(reporter)))
    read = message_from_bytes(raw, policy=policy.compat32)
    for name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe"):
        value = read[name].strip()
        assert (value[0], value[-1]) == ("<", ">"), name
        assert "\n" not in value
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322, section 2.1.1


def test_header_and_text_have_the_same_unsubscribe_link(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "Hello.")
    message = message_of(rows_for(reporter))
    url = headers(message)["List-Unsubscribe"].strip()[1:-1]
    assert url in message.body
    unsubscription = unsubscribe.read(url.rstrip("/").rpartition("/")[2])
    assert unsubscription == unsubscribe.unsubscription_for(
        reporter.pk, message.to[0], ticket_id=ticket.pk, is_new_ticket=False
    )


@pytest.mark.parametrize(
    ("url", "is_one_click"),
    [("https://intranet.example.com", True), ("http://intranet.example.com", False)],
    ids=["https", "http"],
)
def test_one_click_is_offered_over_https_only(
    ticket: HelpDeskTicket,
    agent: Any,
    reporter: Any,
    use_site_url: Callable[[str], None],
    url: str,
    *,
    is_one_click: bool,
) -> None:
    use_site_url(url)
    ticket.services.comment(agent, "Hello.")
    read = headers(message_of(rows_for(reporter)))
    assert read["List-Unsubscribe"].strip().startswith(f"<{url}/")
    assert read["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if is_one_click else None)


def test_address_without_a_user_has_a_link_while_it_is_in_admins(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, settings: Any
) -> None:
    create_ticket(created_by=reporter)
    row = Notification.objects.filter(recipient=None).select_related("event__ticket")[0]
    message = message_of([row])
    url = message.extra_headers["List-Unsubscribe"][1:-1]
    assert url in message.body
    assert unsubscribe.read(url.rstrip("/").rpartition("/")[2]) == unsubscribe.unsubscription_for(
        None, message.to[0], ticket_id=row.event.ticket_id, is_new_ticket=True
    )
    settings.ADMINS = []
    message = message_of([row])
    assert "List-Unsubscribe" not in message.extra_headers
    assert "unsubscribe" not in message.body.lower()


def test_international_domain_is_encoded_in_ascii(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, use_site_url: Callable[[str], None]
) -> None:
    use_site_url("https://bücher.example:8443")
    ticket.services.comment(agent, "Hello.")
    read = headers(message_of(rows_for(reporter)))
    assert read["Message-ID"].strip().endswith("@xn--bcher-kva.example>")
    assert read["List-Unsubscribe"].strip().startswith("<https://xn--bcher-kva.example:8443/")


EVIL = "Hi\r\nBcc: victim@example.com\r\n\r\n<b>boo</b>\u2028\x0b\x00"[:-1]


def test_description_and_name_cannot_add_headers(
    make_ticket: Callable[..., HelpDeskTicket], agent: Any, reporter: Any
) -> None:
    ticket = make_ticket(created_by=reporter, description=EVIL)
    if hasattr(agent, "first_name"):
        agent.first_name = "Eve\r\nBcc: victim@example.com"
        agent.save()
    ticket.services.comment(agent, EVIL)
    message = message_of(rows_for(reporter))
    read = headers(message)
    assert read["Bcc"] is None
    assert sorted(read.keys()).count("Subject") == 1
    html, _type = message.alternatives[0]
    assert "<b>boo" not in html
    assert "&lt;b&gt;boo" in html


def test_digest_that_includes_the_creation_begins_the_conversation(
    create_ticket: Callable[..., HelpDeskTicket],
    developer: Any,
    grant: Callable[..., Any],
    reporter: Any,
    agent: Any,
) -> None:
    grant(developer, "view")
    ticket = create_ticket(created_by=reporter)
    ticket.services.follow(developer)
    ticket.services.comment(agent, "One.")
    message = message_of(rows_for(developer))
    assert f"help-desk.ticket.{ticket.pk}@" in headers(message)["Message-ID"]
    assert not message.subject.startswith("Re:")
    assert "One." in message.body
