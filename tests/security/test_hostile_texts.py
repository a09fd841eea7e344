"""No text that a user types changes the structure of a page."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse

from help_desk.models import (
    HelpDeskTicket,
    Notification,
    TicketComment,
    TicketEvent,
    TicketFollower,
)
from help_desk.validators import TEXT_MAX_LENGTH
from tests.security.world import changed_models, snapshot, undone
from tests.support.corpora import HARMLESS, LONG_UNITS, NOT_STORABLE, SEED, TEXTS, repeat
from tests.support.documents import markup_problems, parse, skeleton
from tests.support.factories import TicketFactory, UserFactory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.test import Client

pytestmark = pytest.mark.django_db

families = pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
SIZE = 20
"""Texts on one page; a page of the list has 25 tickets."""
NAME_LENGTH = 150


def is_text(element: Any) -> bool:
    return "hd-text" in element.get("class", "").split()


def structure(response: Any) -> list[Any]:
    """Return the structure of a page, after checking what users' texts became."""
    assert response.status_code < 500
    root = parse(response.content.decode())
    assert markup_problems(root, is_text) == []
    return skeleton(root, is_text)


def url_of(name: str, row: Any = None) -> str:
    kwargs = None if row is None else {"pk": row.pk}
    return reverse(f"django_spire:help_desk:{name}", kwargs=kwargs)


class Desk:
    """Tickets, comments, events and notifications, each with a text of its own.

    Every ticket is the user's; one with the number `SIZE` of texts in its timeline is added.
    """

    def __init__(self, user: Any) -> None:
        self.creators = [UserFactory() for _number in range(SIZE)]
        self.tickets = [TicketFactory(created_by=creator) for creator in self.creators]
        self.comments = [
            TicketComment.objects.create(ticket=ticket, author=creator, text=HARMLESS)
            for ticket, creator in zip(self.tickets, self.creators, strict=True)
        ]
        TicketFollower.objects.bulk_create(
            TicketFollower(ticket=ticket, user=user, is_muted=True) for ticket in self.tickets
        )
        self.events = [
            TicketEvent.objects.create(
                ticket=comment.ticket,
                type="comment",
                actor=comment.author,
                comment=comment,
                changes={"text": [None, HARMLESS]},
            )
            for comment in self.comments
        ]
        Notification.objects.bulk_create(
            Notification(
                event=event, recipient=user, channel="in_app", status="sent", kinds=["reply"]
            )
            for event in self.events
        )

    def write(self, texts: Sequence[str]) -> None:
        """Give each ticket, comment, event and creator one of the texts."""
        for rows in (self.creators, self.tickets, self.comments, self.events):
            for row, text in zip(rows, texts, strict=True):
                for field, value in _values(row, text).items():
                    setattr(row, field, value)
            # Past the services, which would normalize some texts, and past append-only models.
            QuerySet(type(rows[0])).bulk_update(rows, list(_values(rows[0], "")))


def _values(row: Any, text: str) -> dict[str, Any]:
    if isinstance(row, HelpDeskTicket):
        return {"description": text}
    if isinstance(row, TicketComment):
        return {"text": text}
    if isinstance(row, TicketEvent):
        return {"changes": {"text": [None, text]}}
    return {"first_name": text[:NAME_LENGTH]}


def pages_of(browser: Client, urls: Sequence[str]) -> list[Any]:
    return [structure(browser.get(url)) for url in urls]


LISTS = ("page:list", "page:inbox", "page:preferences")


@families
def test_lists_keep_their_structure(browser: Client, user: Any, texts: tuple[str, ...]) -> None:
    desk = Desk(user)
    desk.write([HARMLESS] * SIZE)
    urls = [url_of(name) for name in LISTS]
    harmless = pages_of(browser, urls)
    desk.write(random.Random(SEED).sample(texts, SIZE))
    assert pages_of(browser, urls) == harmless


@families
def test_timeline_keeps_its_structure(browser: Client, user: Any, texts: tuple[str, ...]) -> None:
    desk = Desk(user)
    ticket = desk.tickets[0]
    TicketComment.objects.update(ticket=ticket, edited_datetime=ticket.created_datetime)
    TicketEvent.objects.filter(comment__isnull=False).write(ticket=ticket)
    edited = TicketEvent.objects.create(
        ticket=ticket, type="update", actor=desk.creators[0], comment=desk.comments[0]
    )
    changed = TicketEvent.objects.create(ticket=ticket, type="update", actor=desk.creators[1])

    def write(some: Sequence[str]) -> None:
        desk.write(some)
        everything = "\n".join(some)
        events = TicketEvent.objects
        events.filter(pk=edited.pk).write(changes={"text": [everything, "new"]})
        events.filter(pk=changed.pk).write(
            changes={"description": [everything, "x"], "priority": [some[0], some[1]]}
        )

    write([HARMLESS] * SIZE)
    url = url_of("page:detail", ticket)
    harmless = structure(browser.get(url))
    for start in range(0, len(texts), SIZE):
        write(texts[start : start + SIZE])
        assert structure(browser.get(url)) == harmless


ALL_TEXTS = [text for texts in TEXTS.values() for text in texts]


@pytest.mark.parametrize("seed", range(3))
def test_admin_keeps_its_structure(browser: Client, user: Any, seed: int) -> None:
    desk = Desk(user)
    models = (HelpDeskTicket, TicketComment, TicketEvent, Notification)
    names = [f"admin:{model._meta.app_label}_{model._meta.model_name}" for model in models]
    urls = [reverse(f"{name}_changelist") for name in names]
    rows = (desk.tickets[0], desk.comments[0], desk.events[0], Notification.objects.first())
    urls += [
        reverse(f"{name}_change", args=[row.pk]) for name, row in zip(names, rows, strict=True)
    ]
    assert all(model in admin.site._registry for model in models)
    desk.write([HARMLESS] * SIZE)
    harmless = pages_of(browser, urls)
    # The admin renders line breaks as elements.
    on_one_line = " ".join(ALL_TEXTS).replace("\n", " ").replace("\r", " ")
    desk.write([on_one_line, *random.Random(seed).sample(ALL_TEXTS, SIZE - 1)])
    assert pages_of(browser, urls) == harmless


def _samples(texts: Sequence[str]) -> list[str]:
    """Return one of the texts, and all of them as one."""
    return [random.Random(SEED).choice(texts), "\n".join(texts)]


TICKET = {"purpose": "app", "priority": "low", "status": "read"}


def _forms(browser: Client, user: Any, text: str) -> list[Any]:
    """Return the structure of every page that shows a text that was typed into a form."""
    user.first_name = text[:NAME_LENGTH]
    user.save()
    ticket = TicketFactory(pk=1, created_by=user, description=text)
    comment = TicketComment.objects.create(pk=1, ticket=ticket, author=user, text=text)
    version = ticket.services.version
    ticket.services.update(actor=user, description=f"{text}.", priority="urge")
    get, post = browser.get, browser.post
    update, assign = url_of("form:update", ticket), url_of("form:assign", ticket)
    return [
        structure(response)
        for response in (
            post(url_of("form:create"), {"purpose": text, "priority": text, "description": text}),
            get(update),
            post(update, {**TICKET, "purpose": text, "description": text}),
            # An edit conflict.
            post(update, {**TICKET, "version": version, "description": f"other {text}"}),
            post(url_of("form:comment", ticket), {"text": text, "status": text}),
            get(url_of("form:comment_edit", comment)),
            get(assign),
            post(assign, {"action": text, "assignee": text}),
            get(url_of("page:delete", ticket)),
            get(url_of("page:list"), {"q": text[:200], "status": text[:50]}),
            get(url_of("page:detail", ticket), {"before": text[:50]}),
        )
    ]


@families
def test_forms_keep_their_structure(browser: Client, user: Any, texts: tuple[str, ...]) -> None:
    with undone():
        harmless = _forms(browser, user, HARMLESS)
    for text in _samples(texts):
        with undone():
            assert _forms(browser, user, text) == harmless


@families
def test_messages_keep_their_structure(browser: Client, user: Any, texts: tuple[str, ...]) -> None:
    """Messages name mentioned and assigned users."""

    def page_after(text: str) -> Any:
        with undone():
            ticket = TicketFactory(pk=1, created_by=user)
            assignee = UserFactory(name="agent", is_superuser=True, first_name=text[:NAME_LENGTH])
            data = {"action": "assign", "assignee": assignee.get_username()}
            browser.post(url_of("form:assign", ticket), data)
            browser.post(url_of("form:comment", ticket), {"text": f"@nobody{text} @nobody"})
            return structure(browser.get(url_of("page:preferences")))

    harmless = page_after(HARMLESS)
    for text in _samples(texts):
        assert page_after(text) == harmless


@pytest.mark.parametrize("text", NOT_STORABLE, ids=ascii)
@pytest.mark.parametrize("name", ["form:create", "form:update", "form:comment"])
def test_texts_that_cannot_be_stored_are_rejected(
    browser: Client, user: Any, name: str, text: str
) -> None:
    ticket = TicketFactory(created_by=user)
    before = snapshot()
    url = url_of(name, None if name == "form:create" else ticket)
    data = {**TICKET, "description": f"a{text}", "text": f"a{text}"}
    # Browsers cannot send a lone surrogate, but other clients can.
    body = "&".join(f"{key}={quote(value, errors='surrogatepass')}" for key, value in data.items())
    response = browser.post(url, body, content_type="application/x-www-form-urlencoded")
    is_replaced = "\x00" not in text
    assert response.status_code == (302 if is_replaced else 200)
    assert bool(changed_models(before)) is is_replaced
    texts = [*HelpDeskTicket.objects.values_list("description", flat=True)]
    texts += TicketComment.objects.values_list("text", flat=True)
    assert not any(text in stored for stored in texts)


@pytest.mark.parametrize("unit", LONG_UNITS, ids=ascii)
def test_texts_of_the_maximum_length_are_shown(browser: Client, user: Any, unit: str) -> None:
    data = {**TICKET, "description": repeat(unit, TEXT_MAX_LENGTH)}
    response = browser.post(url_of("form:create"), data)
    assert response.status_code == 302
    ticket = HelpDeskTicket.objects.get()
    pages = ("page:list", "page:detail", "form:update", "page:delete")
    for name in pages:
        assert browser.get(url_of(name, None if name == "page:list" else ticket)).status_code == 200


def test_longer_texts_are_rejected(browser: Client, user: Any) -> None:
    before = snapshot()
    data = {**TICKET, "description": "x" * (TEXT_MAX_LENGTH + 1)}
    assert browser.post(url_of("form:create"), data).status_code == 200
    assert changed_models(before) == set()
