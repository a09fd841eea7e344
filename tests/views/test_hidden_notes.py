"""Internal notes leave no trace on the pages of users who may not read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from help_desk.models import TicketComment
from tests.support.routes import every_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from help_desk.models import HelpDeskTicket

SECRET = "The disk was never backed up."
CSRF_TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")[^"]+')


def urls_of(ticket: HelpDeskTicket, comment: TicketComment) -> list[str]:
    """Return the URL of each route, and of searches and filters."""
    urls = every_url(ticket, comment)
    queries = ("q=backed", f"q={ticket.pk}", "assignee=unassigned&status=read")
    return [*urls.values(), *(f"{urls['page:list']}?{query}" for query in queries)]


def snapshot(response: HttpResponse) -> tuple[Any, ...]:
    # `Expires` is the time of the request.
    headers = sorted(item for item in response.headers.items() if item[0] != "Expires")
    cookies = sorted(response.cookies)
    return response.status_code, headers, cookies, CSRF_TOKEN.sub(rb"\1", response.content)


@pytest.fixture(params=["viewer", "creator"])
def outsider(request: Any, settings: Any, make_user: Any, grant: Any) -> Any:
    """A user who sees the ticket but no notes: by the view permission, or as its creator."""
    user = make_user(name="outsider")
    if request.param == "viewer":
        return grant(user, "view")
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    return user


@pytest.fixture
def ticket(create_ticket: Any, outsider: Any, agent: Any) -> HelpDeskTicket:
    """A ticket of the outsider with a conversation and an internal note."""
    ticket: HelpDeskTicket = create_ticket(created_by=outsider)
    ticket.services.assign(agent, actor=agent)
    ticket.services.comment(agent, "Which one?")
    ticket.services.comment(agent, "Not again.", internal=True)
    ticket.services.comment(outsider, "The left one.")
    return ticket


def write(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    ticket.services.comment(manager, SECRET, internal=True)


def write_as_assignee(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    ticket.services.comment(agent, SECRET, internal=True)


def mention(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    names = f"@{agent.get_username()} @{ticket.created_by.get_username()} @nobody"
    ticket.services.comment(manager, f"{SECRET} {names}", internal=True)


def edit(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    note = TicketComment.objects.get(is_internal=True)
    ticket.services.edit_comment(note, SECRET, actor=agent)


@pytest.mark.parametrize("change", [write, write_as_assignee, mention, edit])
def test_a_note_changes_nothing_on_any_page(
    ticket: HelpDeskTicket,
    outsider: Any,
    agent: Any,
    manager: Any,
    client_of: Callable[..., Any],
    change: Callable[..., None],
) -> None:
    client = client_of(outsider)
    reply = TicketComment.objects.get(author_id=outsider.pk)
    urls = urls_of(ticket, reply)
    for url in urls:
        client.get(url)  # marks notifications as read
    before = {url: snapshot(client.get(url)) for url in urls}
    change(ticket, agent, manager)
    after = {url: snapshot(client.get(url)) for url in urls}
    assert len(urls) > 15
    assert {url for url in urls if before[url] != after[url]} == set()
    assert before == after


def test_version_is_that_of_the_latest_visible_event(
    ticket: HelpDeskTicket, outsider: Any, agent: Any, client_of: Callable[..., Any], url_of: Any
) -> None:
    def version(user: Any) -> Any:
        return client_of(user).get(url_of("page:detail", ticket)).context["version"]

    latest_visible = ticket.services.version
    ticket.services.comment(agent, SECRET, internal=True)
    assert version(outsider) == latest_visible
    assert version(agent) == ticket.services.version > latest_visible


def test_reply_sent_twice_is_saved_once_after_a_hidden_note(
    ticket: HelpDeskTicket, outsider: Any, agent: Any, client_of: Callable[..., Any], url_of: Any
) -> None:
    client = client_of(outsider)
    ticket.services.comment(agent, SECRET, internal=True)
    version = client.get(url_of("page:detail", ticket)).context["version"]
    for _time in range(2):
        client.post(url_of("form:comment", ticket), {"text": "Thank you.", "version": version})
        ticket.services.comment(agent, SECRET, internal=True)
    assert TicketComment.objects.filter(text="Thank you.").count() == 1
