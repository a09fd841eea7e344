"""A conversation in the example project, its notifications, and an edit conflict."""

from __future__ import annotations

import re
import sqlite3
import uuid
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.browser.test_intranet import create_ticket, sign_in, wait_for_mail

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.support.demonstration import Demonstration


def reply(page: Page, link: str, text: str, *, internal: bool = False) -> None:
    page.goto(link)
    page.get_by_label("Your reply").fill(text)
    if internal:
        page.get_by_label("Internal note").check()
    page.get_by_role("button", name="Send").click()
    page.get_by_role("status").wait_for()
    page.get_by_text(text).first.wait_for()


def count_notifications(intranet: Demonstration, username: str, text: str) -> int:
    """Return the number of notifications of a user about a comment."""
    with closing(sqlite3.connect(intranet.database)) as connection:
        ((count,),) = connection.execute(
            "SELECT count(*) FROM django_spire_help_desk_notification n "
            "JOIN accounts_user u ON u.id = n.recipient_id "
            "JOIN django_spire_help_desk_ticket_event e ON e.id = n.event_id "
            "JOIN django_spire_help_desk_ticket_comment c ON c.id = e.comment_id "
            "WHERE u.username = ? AND c.text = ?",
            (username, text),
        )
    return count


def link_after(label: str, mail_text: str) -> str:
    found = re.search(rf"{label} (\S+)", mail_text)
    assert found, mail_text
    return found[1]


def test_participants_are_notified_until_they_unsubscribe(
    intranet: Demonstration, open_page: Callable[..., Page]
) -> None:
    mark = uuid.uuid4().hex
    rosa, mona = open_page(intranet.url), open_page(intranet.url)
    sign_in(rosa, "rosa")
    create_ticket(rosa, f"The label printer eats labels ({mark}).")
    link = rosa.url
    number = re.search(r"/(\d+)/", link)[1]
    first = wait_for_mail(intranet, mark)
    root = first["Message-ID"]

    # The manager assigns it to herself, starts it, and asks; the reporter answers.
    sign_in(mona, "mona")
    mona.goto(link)
    mona.get_by_role("button", name="Assign to me").click()
    mona.get_by_role("status").wait_for()
    mona.get_by_role("button", name="Start").click()
    mona.get_by_text("In Progress").first.wait_for()
    question, answer, note, last = (
        f"{text} {mark}" for text in ("Which one?", "The left one.", "Again!", "It is fixed.")
    )
    reply(mona, link, question)
    asked = wait_for_mail(intranet, question)
    assert asked["To"] == "rosa@example.com"
    rosa.goto(link)
    rosa.get_by_text(question).wait_for()
    reply(rosa, link, answer)
    answered = wait_for_mail(intranet, answer)
    assert answered["To"] == "mona@example.com"

    # Mail programs show one conversation, in order.
    of_ticket = [mail for mail in intranet.mails() if f"#{number}:" in mail["Subject"]]
    assert of_ticket[0]["Message-ID"] == root
    for mail in of_ticket[1:]:
        assert mail["References"] == mail["In-Reply-To"] == root
        assert mail["Subject"].startswith("Re: ")
    texts = [mail.get_body(("plain",)).get_content() for mail in of_ticket]
    (asked_at,) = (place for place, text in enumerate(texts) if question in text)
    (answered_at,) = (place for place, text in enumerate(texts) if answer in text)
    assert asked_at < answered_at

    # Internal notes are hidden from the reporter.
    reply(mona, link, note, internal=True)
    rosa.goto(link)
    rosa.get_by_text(answer).first.wait_for()
    assert rosa.get_by_text(note).count() == 0
    assert rosa.get_by_label("Internal note").count() == 0
    assert count_notifications(intranet, "rosa", note) == 0

    # The email's link needs no login, and acts only on the button.
    visitor = open_page(intranet.url)
    text = asked.get_body(("plain",)).get_content()
    visitor.goto(link_after("Unsubscribe:", text))
    assert "Rosa" not in visitor.content()
    assert urlsplit(visitor.url).path.startswith("/help_desk/page/unsubscribe/")
    visitor.get_by_role("button", name="Unsubscribe").click()
    visitor.get_by_text("You have been unsubscribed.").wait_for()
    reply(mona, link, last)
    assert count_notifications(intranet, "rosa", question) == 2
    assert count_notifications(intranet, "rosa", last) == 0
    rosa.goto("/help_desk/page/preferences/")
    rosa.get_by_role("link", name=f"#{number}").wait_for()


def test_edit_conflict_loses_nothing(
    intranet: Demonstration, open_page: Callable[..., Page]
) -> None:
    text = f"The estate car has no winter tires ({uuid.uuid4().hex})."
    mona, dora = open_page(intranet.url), open_page(intranet.url)
    sign_in(mona, "mona")
    create_ticket(mona, text)
    link = mona.url
    edit = link.replace("/page/", "/form/").replace("/detail/", "/update/")
    sign_in(dora, "dora")
    for page in (mona, dora):
        page.goto(edit)
    dora.get_by_label("Low").check()
    dora.get_by_role("button", name="Save").click()
    dora.wait_for_url("**/list/")

    mona.get_by_label("Urgent").check()
    mona.get_by_label("Description").fill(f"{text} And snow is forecast.")
    mona.get_by_role("button", name="Save").click()
    mona.get_by_role("heading", name="This ticket changed while you were editing").wait_for()
    mona.get_by_text("Value set by Dora Lindqvist: Low").wait_for()
    mona.get_by_label("Your value: Urgent").check()
    mona.get_by_role("button", name="Save").click()
    mona.wait_for_url("**/list/")

    dora.goto(link)
    dora.get_by_text("And snow is forecast.").first.wait_for()
    dora.get_by_text("Urgent").first.wait_for()
