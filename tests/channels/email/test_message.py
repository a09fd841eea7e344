"""The e-mail: its conversation, its links, and what nobody can smuggle into it."""

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


def rows_for(person: Any) -> list[Notification]:
    rows = Notification.objects.filter(recipient=person, channel="email").order_by("pk")
    return list(rows.select_related("event__ticket", "event__actor", "event__comment"))


def on_the_wire(message: HelpDeskEmail) -> bytes:
    """What Django's SMTP backend sends."""
    options = {"policy": policy.SMTP} if django.VERSION >= (6, 0) else {}
    sent: bytes = (
        message.message(**options).as_bytes(linesep="\r\n")
        if not options
        else (message.message(**options).as_bytes())
    )
    return sent


def headers(message: HelpDeskEmail) -> Any:
    """As a mail program that knows nothing of encoded words in addresses reads them."""
    return message_from_bytes(on_the_wire(message), policy=policy.compat32)


@pytest.fixture
def at(settings: Any) -> Callable[[str], None]:
    def at(url: str) -> None:
        settings.HELP_DESK = {**settings.HELP_DESK, "SITE_URL": url}

    return at


def test_mail_of_a_new_ticket_stops_the_ticket_for_whom_it_mentions(
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    agent: Any,
    at: Callable[[str], None],
) -> None:
    at("https://intranet.example.com")
    ticket = create_ticket(created_by=reporter, description=f"Ask @{agent.get_username()}.")
    ((row,),) = [rows_for(agent)]
    url = message_of([row]).extra_headers["List-Unsubscribe"][1:-1]
    wish = unsubscribe.read(url.rstrip("/").rpartition("/")[2])
    assert wish == unsubscribe.of(agent.pk, ticket_id=ticket.pk, is_new=False)


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
    assert len({mail["Message-ID"] for mail in (new, one, two)}) == 3


def test_same_rows_have_the_same_message_id_at_every_attempt(
    ticket: HelpDeskTicket, make_ticket: Callable[..., HelpDeskTicket], agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "One.")
    ticket.services.comment(agent, "Two.")
    make_ticket(created_by=reporter).services.comment(agent, "Three.")
    rows = rows_for(reporter)
    for part in (rows[:1], rows[:2], rows):
        first, second = (headers(message_of(part))["Message-ID"] for _time in range(2))
        assert first == second
    ids = {headers(message_of(part))["Message-ID"] for part in (rows[:1], rows[1:2], rows[2:])}
    assert len(ids) == 3


def test_addresses_in_headers_stay_whole_however_long(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, at: Callable[[str], None]
) -> None:
    at(f"https://{'sub.' * 20}example.com")
    ticket.services.comment(agent, "Hello.")
    wire = on_the_wire(message_of(rows_for(reporter)))
    read = message_from_bytes(wire, policy=policy.compat32)
    for name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe"):
        value = read[name].strip()
        assert (value[0], value[-1]) == ("<", ">"), name
        assert "\n" not in value
    assert max(map(len, wire.split(b"\r\n"))) <= 998  # RFC 5322, section 2.1.1


def test_link_in_the_header_is_the_one_in_the_text(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "Hello.")
    message = message_of(rows_for(reporter))
    url = headers(message)["List-Unsubscribe"].strip()[1:-1]
    assert url in message.body
    wish = unsubscribe.read(url.rstrip("/").rpartition("/")[2])
    assert wish == unsubscribe.of(reporter.pk, ticket_id=ticket.pk, is_new=False)


@pytest.mark.parametrize(
    ("url", "is_one_click"),
    [("https://intranet.example.com", True), ("http://intranet.example.com", False)],
    ids=["https", "http"],
)
def test_one_click_is_offered_over_https_only(
    ticket: HelpDeskTicket,
    agent: Any,
    reporter: Any,
    at: Callable[[str], None],
    url: str,
    *,
    is_one_click: bool,
) -> None:
    at(url)
    ticket.services.comment(agent, "Hello.")
    read = headers(message_of(rows_for(reporter)))
    assert read["List-Unsubscribe"].strip().startswith(f"<{url}/")
    said = read["List-Unsubscribe-Post"]
    assert said == ("List-Unsubscribe=One-Click" if is_one_click else None)


def test_address_without_an_account_cannot_unsubscribe(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> None:
    create_ticket(created_by=reporter)
    row = Notification.objects.filter(recipient=None).select_related("event__ticket")[0]
    message = message_of([row])
    assert "List-Unsubscribe" not in message.extra_headers
    assert "unsubscribe" not in message.body


def test_host_with_letters_of_its_language_is_spelled_in_ascii(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, at: Callable[[str], None]
) -> None:
    at("https://bücher.example:8443")
    ticket.services.comment(agent, "Hello.")
    read = headers(message_of(rows_for(reporter)))
    assert read["Message-ID"].strip().endswith("@xn--bcher-kva.example>")
    assert read["List-Unsubscribe"].strip().startswith("<https://xn--bcher-kva.example:8443/")


EVIL = "Hi\r\nBcc: victim@example.com\r\n\r\n<b>boo</b>\u2028\x0b\x00"[:-1]


def test_nobody_smuggles_headers_by_a_description_or_a_name(
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


@pytest.mark.hosts("default", "login_required", "multi_db", "use_tz_false")
def test_address_with_a_line_break_is_refused_for_good(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, mail_server: Any
) -> None:
    from help_desk.notifications import delivery  # noqa: PLC0415 -- of this test only

    reporter.email = "a@example.com\r\nBcc: victim@example.com"
    reporter.save()
    ticket.services.comment(agent, "Hello.")
    assert delivery.deliver() == delivery.DeliveryReport(failed=1)
    assert mail_server.taken == []


def test_digest_of_one_ticket_that_begins_with_its_creation_begins_the_conversation(
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
