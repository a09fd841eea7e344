"""Following and muting a ticket."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from help_desk.models import TicketFollower

DETAIL, FOLLOW = "page:detail", "form:follow"


def html(response):
    return response.content.decode()


@pytest.fixture
def subscribe(client_of, ticket, url_of):
    return lambda user, **data: client_of(user).post(url_of(FOLLOW, ticket), data)


def test_follow_mute_and_follow_again(subscribe, client_of, agent, ticket, url_of):
    def page():
        return html(client_of(agent).get(url_of(DETAIL, ticket)))

    def message(response):
        return [str(message) for message in get_messages(response.wsgi_request)]

    assert "You're not following this ticket." in page()
    response = subscribe(agent, subscription="follow")
    assert response["Location"] == url_of(DETAIL, ticket)
    assert message(response) == [f"You're following ticket #{ticket.pk}."]
    assert "You're following this ticket." in page()
    response = subscribe(agent, subscription="mute")
    assert message(response) == [
        f"You muted ticket #{ticket.pk} and get no notifications about it."
    ]
    assert "You muted this ticket." in page()
    assert TicketFollower.objects.get().is_muted
    subscribe(agent, subscription="follow")
    assert not TicketFollower.objects.get().is_muted


def test_creator_follows_without_subscribing(client_of, reporter, ticket, url_of):
    page = html(client_of(reporter).get(url_of(DETAIL, ticket)))
    assert "You're following this ticket." in page


@pytest.mark.parametrize("value", [None, "", "nope", "\x00"])
def test_unknown_subscription_changes_nothing(subscribe, agent, value):
    data = {} if value is None else {"subscription": value}
    assert subscribe(agent, **data).status_code == 302
    assert TicketFollower.objects.count() == 0


def test_redirect_stays_within_the_site(subscribe, agent, ticket, url_of):
    url = reverse("django_spire:help_desk:page:preferences")
    assert subscribe(agent, subscription="mute", return_url=url)["Location"] == url
    away = subscribe(agent, subscription="mute", return_url="https://evil.example.com/")
    assert away["Location"] == url_of(DETAIL, ticket)


def test_only_visible_tickets_can_be_followed(subscribe, user_without_permissions, settings):
    assert subscribe(user_without_permissions, subscription="follow").status_code == 403
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    assert subscribe(user_without_permissions, subscription="follow").status_code == 403
    assert TicketFollower.objects.count() == 0


def test_get_changes_nothing(client_of, agent, ticket, url_of):
    response = client_of(agent).get(url_of(FOLLOW, ticket), {"subscription": "mute"})
    assert response["Location"] == url_of(DETAIL, ticket)
    assert TicketFollower.objects.count() == 0
