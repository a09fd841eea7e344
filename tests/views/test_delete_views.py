"""Deleting tickets."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.contrib.messages import get_messages

from help_desk.models import HelpDeskTicket

LIST, DETAIL, DELETE = "page:list", "page:detail", "page:delete"


def html(response):
    return response.content.decode()


def test_get_asks_for_confirmation(client_of, manager, ticket, url_of):
    response = client_of(manager).get(url_of(DELETE, ticket))
    assert f"Delete ticket #{ticket.pk}?" in html(response)
    assert not HelpDeskTicket.objects.get().is_deleted


def test_post_deletes_softly_with_a_message(client_of, manager, ticket, url_of):
    response = client_of(manager).post(url_of(DELETE, ticket), {"should_delete": "on"})
    assert response["Location"] == url_of(LIST)
    assert HelpDeskTicket.objects.get().is_deleted
    assert ticket.events.last().actor == manager
    (message,) = get_messages(response.wsgi_request)
    assert f"Ticket #{ticket.pk} deleted." in str(message)


@pytest.mark.parametrize("data", [{}, {"should_delete": ""}, {"other": "1"}])
def test_post_without_should_delete_shows_the_confirmation_again(
    client_of, manager, ticket, url_of, data
):
    response = client_of(manager).post(url_of(DELETE, ticket), data)
    assert response.status_code == 200
    assert "Nothing was deleted." in html(response)
    assert not HelpDeskTicket.objects.get().is_deleted


@pytest.mark.parametrize("where", ["query", "form"])
def test_return_url_within_the_site_is_followed(client_of, manager, ticket, url_of, where):
    back = "/accounts/login/?a=1"
    url = url_of(DELETE, ticket)
    data = {"should_delete": "on"}
    if where == "query":
        url += f"?return_url={quote(back)}"
    else:
        data["return_url"] = back
    assert client_of(manager).post(url, data)["Location"] == back


def test_return_url_is_escaped_in_the_form(client_of, manager, ticket, url_of):
    response = client_of(manager).get(url_of(DELETE, ticket), {"return_url": '/a/?b="><i>'})
    assert 'value="/a/?b=&quot;&gt;&lt;i&gt;"' in html(response)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/", "//evil.example.com/", "/\\evil.example.com",
        "javascript:alert(1)", "http:///evil.example.com", "\x00//evil.example.com",
        "https://testserver@evil.example.com/", "https://[", "ht\ntps://evil.example.com",
        "\\\\evil.example.com", "/" + "x" * 20_000,
    ],
    ids=lambda url: ascii(url[:30]),
)  # fmt: skip
def test_return_url_of_another_site_is_ignored(client_of, manager, ticket, url_of, url):
    response = client_of(manager).post(
        url_of(DELETE, ticket), {"should_delete": "on", "return_url": url}
    )
    assert response.status_code == 302
    assert response["Location"] == url_of(LIST)
    assert "evil" not in html(client_of(manager).get(url_of(LIST), {"return_url": url}))


@pytest.mark.parametrize("name", [DETAIL, DELETE, "form:update"])
def test_return_url_of_a_page_of_the_deleted_ticket_is_ignored(
    client_of, manager, ticket, url_of, name
):
    response = client_of(manager).post(
        url_of(DELETE, ticket), {"should_delete": "on", "return_url": url_of(name, ticket)}
    )
    assert response["Location"] == url_of(LIST)


def test_user_who_cannot_view_tickets_is_not_shown_any(
    client_of, user_without_permissions, grant, ticket, url_of
):
    client = client_of(grant(user_without_permissions, "delete"))
    assert ticket.description not in html(client.get(url_of(DELETE, ticket)))
    response = client.post(url_of(DELETE, ticket), {"should_delete": "on"}, follow=True)
    assert response.status_code == 200
    assert f"Ticket #{ticket.pk} deleted." in html(response)
