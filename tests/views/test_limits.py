"""Limits of what users without the change permission create, on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent, TicketFollower

CREATE, COMMENT = "form:create", "form:comment"


def html(response):
    return response.content.decode()


def message_texts(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def limit(settings):
    """Sets limits per hour: `limit(TICKETS=2)`."""

    def set_limits(**limits):
        by_name = {f"MAX_{name}_PER_HOUR": value for name, value in limits.items()}
        settings.HELP_DESK = {**settings.HELP_DESK, **by_name}

    return set_limits


@pytest.fixture
def create(client_of, url_of, ticket_data):
    """Posts the create form: `create(reporter, description="…")`."""
    return lambda user, **data: client_of(user).post(url_of(CREATE), {**ticket_data, **data})


@pytest.fixture
def reply(client_of, ticket, url_of):
    """Posts the reply form: `reply(reporter, "…")`."""
    return lambda user, text, **data: client_of(user).post(
        url_of(COMMENT, ticket), {"text": text, **data}
    )


@pytest.fixture
def names(make_user, grant):
    """Names of five users who can view tickets."""
    users = [grant(make_user(name=f"viewer{number}"), "view") for number in range(5)]
    return [user.get_username() for user in users]


def test_ticket_over_the_limit_is_an_error_and_the_text_is_kept(limit, create, reporter):
    limit(TICKETS=2)
    for _time in range(2):
        assert create(reporter).status_code == 302
    response = create(reporter, description="A third one.")
    assert response.status_code == 200
    assert response.context["form"].has_error("__all__", "rate_limited")
    assert (
        "You can create at most 2 tickets per hour, so this ticket was not created. Try again in "
        "60 minutes."
    ) in html(response)
    assert "A third one.</textarea>" in html(response)
    assert HelpDeskTicket.objects.count() == 2


def test_tickets_can_be_created_again_after_an_hour(limit, create, reporter):
    limit(TICKETS=1)
    create(reporter)
    TicketEvent.objects.write(created_datetime=timezone.now() - timedelta(minutes=50, seconds=30))
    assert "Try again in 10 minutes." in html(create(reporter))
    TicketEvent.objects.write(created_datetime=timezone.now() - timedelta(minutes=61))
    assert create(reporter).status_code == 302


def test_each_user_has_their_own_limit(limit, create, reporter, make_user, grant):
    limit(TICKETS=1)
    create(reporter)
    assert create(grant(make_user(), "add")).status_code == 302


def test_users_who_can_change_tickets_are_not_limited(limit, create, reply, agent, names):
    limit(TICKETS=1, REPLIES=1, MENTIONS=1)
    for number in range(2):
        assert create(agent).status_code == 302
        assert message_texts(reply(agent, f"{number} @{names[0]} @{names[1]}")) == ["Reply sent."]


def test_limits_can_be_turned_off(limit, create, reply, reporter, names):
    limit(TICKETS=None, REPLIES=None, MENTIONS=None)
    for number in range(25):
        create(reporter)
        mentions = " ".join(f"@{name}" for name in names)
        assert message_texts(reply(reporter, f"{number} {mentions}")) == ["Reply sent."]
    assert HelpDeskTicket.objects.count() == 26


def test_default_limits(create, reporter):
    statuses = [create(reporter).status_code for _time in range(21)]
    assert statuses == [302] * 20 + [200]


def test_form_submitted_twice_at_the_limit_leads_to_its_ticket(limit, create, reporter):
    limit(TICKETS=1)
    token = "6e3bd44b-5bd2-4a3a-a6b1-9d5b8b1d7a6f"
    for _time in range(2):
        assert create(reporter, submission_token=token).status_code == 302


def test_limit_does_not_use_up_the_token(limit, create, reporter):
    limit(TICKETS=1)
    create(reporter)
    token = "6e3bd44b-5bd2-4a3a-a6b1-9d5b8b1d7a6f"
    assert token in html(create(reporter, submission_token=token))
    limit(TICKETS=2)
    assert create(reporter, submission_token=token).status_code == 302
    assert HelpDeskTicket.objects.count() == 2


def test_reply_over_the_limit_is_an_error_and_the_text_is_kept(limit, reply, reporter):
    limit(REPLIES=1)
    reply(reporter, "One.")
    response = reply(reporter, "And another.")
    assert response.status_code == 200
    assert response.context["reply"].has_error("__all__", "rate_limited")
    assert (
        "You can send at most 1 reply per hour, so this reply was not sent. Try again in 60 "
        "minutes."
    ) in html(response)
    assert "And another.</textarea>" in html(response)
    assert TicketComment.objects.count() == 1


def test_reply_sent_twice_at_the_limit_is_saved_once(limit, reply, reporter, ticket):
    limit(REPLIES=1)
    version = ticket.services.version
    for _time in range(2):
        assert reply(reporter, "One.", version=version).status_code == 302
    assert TicketComment.objects.count() == 1


def test_mentions_over_the_limit_do_not_subscribe_and_are_reported(
    limit, reply, reporter, names, ticket
):
    limit(MENTIONS=3)
    response = reply(reporter, " ".join(f"@{name}" for name in [*names, "unknown"]))
    over_limit = (
        "You can mention at most 3 new people per hour. Not notified of the mention: "
        f"@{names[3]}, @{names[4]}. Mention them again in 60 minutes."
    )
    assert message_texts(response) == [
        "Reply sent.",
        "Not notified (no such user, or no access): @unknown",
        over_limit,
    ]
    followers = TicketFollower.objects.filter(ticket=ticket).exclude(user=reporter)
    assert sorted(row.user.get_username() for row in followers) == names[:3]
    event = ticket.events.last()
    notified = {row.recipient.get_username() for row in event.notifications.all()}
    assert notified == set(names[:3])


def test_followers_can_be_mentioned_at_the_limit(limit, reply, reporter, names):
    limit(MENTIONS=2)
    text = " ".join(f"@{name}" for name in names[:2])
    reply(reporter, text)
    assert message_texts(reply(reporter, f"{text} again")) == ["Reply sent."]


def test_mentions_of_new_tickets_and_replies_count_together(limit, create, reply, reporter, names):
    limit(MENTIONS=2)
    create(reporter, description=f"@{names[0]} @{names[1]}")
    texts = message_texts(create(reporter, description=f"@{names[0]} again"))
    assert f"Not notified of the mention: @{names[0]}." in texts[-1]
    assert "Not notified of the mention" in message_texts(reply(reporter, f"@{names[2]}"))[-1]
