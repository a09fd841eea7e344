"""The inbox."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from help_desk.auth import policy
from help_desk.models import HelpDeskTicket, Notification
from help_desk.views import inbox_views

INBOX, ONE, ALL = "page:inbox", "page:inbox_mark_read", "page:inbox_mark_all_read"
DETAIL = "page:detail"


def html(response):
    return response.content.decode()


@pytest.fixture
def notification(manager, create_ticket):
    """The manager's notification of a ticket that another user created."""
    ticket = create_ticket()
    return Notification.objects.get(recipient=manager, channel="in_app", event__ticket=ticket)


def unread_count(user):
    return Notification.objects.inbox_of(user).unread().count()


def test_empty_inbox(client_of, user_without_permissions, url_of):
    page = html(client_of(user_without_permissions).get(url_of(INBOX)))
    assert "Your inbox is empty." in page
    assert "Updates on your tickets appear here." in page


def test_shows_the_notifications_of_the_user(client_of, manager, notification, url_of):
    page = html(client_of(manager).get(url_of(INBOX)))
    assert "A new help desk ticket has been created" in page
    assert "Priority: Medium - Purpose: App" in page
    assert f'href="{url_of(DETAIL, notification.event.ticket_id)}"' in page


def test_shows_no_notifications_of_other_users(client_of, reporter, notification, url_of):
    assert client_of(reporter).get(url_of(INBOX)).context["entries"] == []


def test_unread_entries_come_first_then_the_newest(client_of, manager, create_ticket, url_of):
    first, second, third = (create_ticket() for _number in range(3))
    Notification.objects.filter(event__ticket=third).mark_as_read()
    entries = client_of(manager).get(url_of(INBOX)).context["entries"]
    tickets = [entry.notification.event.ticket for entry in entries]
    assert tickets == [second, first, third]


def test_notifications_of_deleted_tickets_are_hidden(client_of, manager, notification, url_of):
    notification.event.ticket.set_deleted()
    client = client_of(manager)
    assert client.get(url_of(INBOX)).context["entries"] == []
    assert client.post(url_of(ONE, notification)).status_code == 404


def test_ticket_that_the_user_cannot_view_is_not_linked(
    client_of, make_user, grant, create_ticket, url_of
):
    user = grant(make_user(), "delete")
    ticket = create_ticket(description="Confidential")
    page = html(client_of(user).get(url_of(INBOX)))
    assert "A new help desk ticket has been created" in page
    assert url_of(DETAIL, ticket) not in page
    assert "Confidential" not in page


def test_text_is_in_the_language_of_the_user(client_of, manager, notification, url_of, monkeypatch):
    monkeypatch.setattr(
        "help_desk.content.events._",
        lambda text: f"{translation.get_language()}: {text}",
    )
    client = client_of(manager)
    for language in ("de", "fr"):
        page = html(client.get(url_of(INBOX), headers={"accept-language": language}))
        assert f"{language}: A new help desk ticket has been created" in page


def test_marks_one_entry_as_read(client_of, manager, notification, create_ticket, url_of):
    create_ticket()
    response = client_of(manager).post(url_of(ONE, notification))
    assert response["Location"] == url_of(INBOX)
    assert unread_count(manager) == 1
    assert Notification.objects.get(pk=notification.pk).is_read


def test_marking_returns_to_the_same_page(client_of, manager, notification, url_of):
    response = client_of(manager).post(url_of(ONE, notification), {"page": "2"})
    assert response["Location"] == f"{url_of(INBOX)}?page=2"


@pytest.mark.parametrize(
    "page",
    ["//evil.example.com", "\r\nX: y", "\x00", "9" * 50, "9" * 20_000, "x" * 20_000],
    ids=lambda page: ascii(page[:10]) + str(len(page)),
)
def test_invalid_page_to_return_to_is_handled(client_of, manager, notification, url_of, page):
    response = client_of(manager).post(url_of(ONE, notification), {"page": page}, follow=True)
    assert response.status_code == 200
    assert response.redirect_chain[0][0].startswith(url_of(INBOX))


def test_marking_again_keeps_the_date(client_of, manager, notification, url_of):
    client = client_of(manager)
    client.post(url_of(ONE, notification))
    read_datetime = Notification.objects.get(pk=notification.pk).read_datetime
    client.post(url_of(ONE, notification))
    assert Notification.objects.get(pk=notification.pk).read_datetime == read_datetime


def test_user_cannot_mark_entries_of_others(client_of, reporter, manager, notification, url_of):
    assert client_of(reporter).post(url_of(ONE, notification)).status_code == 404
    client_of(reporter).post(url_of(ALL))
    assert unread_count(manager) == 1


def test_marks_all_entries_as_read(client_of, manager, make_user, grant, create_ticket, url_of):
    other = grant(make_user(), "delete")
    for _number in range(3):
        create_ticket()
    response = client_of(manager).post(url_of(ALL), follow=True)
    assert "3 notifications marked as read." in html(response)
    assert unread_count(manager) == 0
    assert unread_count(other) == 3


@pytest.mark.parametrize("name", [ONE, ALL])
def test_marking_requires_post(client_of, manager, notification, url_of, name):
    url = url_of(name, notification if name == ONE else None)
    assert client_of(manager).get(url).status_code == 405
    assert unread_count(manager) == 1


@pytest.mark.parametrize("name", [ONE, ALL])
def test_anonymous_user_returns_to_the_inbox_after_login(
    client, notification, url_of, name, settings
):
    response = client.post(url_of(name, notification if name == ONE else None))
    assert response.status_code == 302
    assert response["Location"] in {
        f"{settings.LOGIN_URL}?next={url_of(INBOX)}",
        # LoginRequiredMiddleware answers before the view.
        f"{settings.LOGIN_URL}?next={url_of(name, notification if name == ONE else None)}",
    }


def test_unknown_notification_is_not_found(client_of, manager):
    url = "/help_desk/page/inbox/99999999999999999999/read/"
    assert client_of(manager).post(url).status_code == 404


class TestTicketPage:
    def test_marks_the_entries_of_the_ticket_as_read(
        self, client_of, manager, notification, create_ticket, url_of
    ):
        create_ticket()
        response = client_of(manager).get(url_of(DETAIL, notification.event.ticket_id))
        assert unread_count(manager) == 1
        assert Notification.objects.get(pk=notification.pk).is_read
        assert '<span class="hd-count">1<' in html(response)

    def test_marks_no_entries_of_other_users(
        self, client_of, reporter, manager, notification, url_of
    ):
        client_of(reporter).get(url_of(DETAIL, notification.event.ticket_id))
        assert unread_count(manager) == 1

    def test_prefetching_marks_nothing(self, client_of, manager, notification, url_of):
        url = url_of(DETAIL, notification.event.ticket_id)
        for headers in ({"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}):
            client_of(manager).get(url, headers=headers)
        client_of(manager).head(url)
        assert unread_count(manager) == 1

    def test_no_write_if_everything_is_read(
        self, client_of, manager, notification, url_of, capture_queries
    ):
        client = client_of(manager)
        client.get(url_of(DETAIL, notification.event.ticket_id))
        with capture_queries() as queries:
            client.get(url_of(DETAIL, notification.event.ticket_id))
        assert [query for query in queries if query["sql"].startswith("UPDATE")] == []

    def test_marks_entries_beyond_those_that_are_counted(
        self, client_of, manager, notification, create_ticket, url_of, monkeypatch
    ):
        create_ticket()
        monkeypatch.setattr(policy, "UNREAD_MAX", 1)
        for ticket_id in HelpDeskTicket.objects.values_list("pk", flat=True):
            client_of(manager).get(url_of(DETAIL, ticket_id))
        assert not Notification.objects.inbox_of(manager).unread().exists()


def test_shows_25_entries_per_page(client_of, manager, create_ticket, reporter, url_of):
    for _number in range(26):
        create_ticket(created_by=reporter)
    client = client_of(manager)
    assert len(client.get(url_of(INBOX)).context["entries"]) == 25
    last = client.get(url_of(INBOX), {"page": "999"})
    assert len(last.context["entries"]) == 1
    assert '<input type="hidden" name="page" value="2">' in html(last)


@pytest.mark.parametrize("page", ["abc", "", "-3", "9" * 20, "\x00"])
def test_invalid_page_is_handled(client_of, manager, notification, url_of, page):
    assert client_of(manager).get(url_of(INBOX), {"page": page}).status_code == 200


def test_entry_without_text_links_to_its_ticket(client_of, manager, notification, url_of):
    event = notification.event
    event.ticket.status = "done"
    event.ticket.save()
    other = event.ticket.events.last()
    Notification(event=other, recipient=manager, channel="in_app", status="sent").save()
    response = client_of(manager).get(url_of(INBOX))
    assert response.status_code == 200
    assert len(response.context["entries"]) == 2


def test_template_runs_no_query(manager, create_ticket, render_queries):
    create_ticket()
    create_ticket()
    assert render_queries(inbox_views.inbox_view, manager) == []


def test_number_of_queries_is_constant(
    client_of, manager, create_ticket, make_user, url_of, capture_queries
):
    client = client_of(manager)
    counts = []
    for number in (1, 3, 30):
        for _ticket in range(number):
            create_ticket(created_by=make_user())
        with capture_queries() as queries:
            client.get(url_of(INBOX))
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 10


class TestKinds:
    def test_assignment_and_reply_are_shown(self, client_of, ticket, reporter, agent, url_of):
        ticket.services.assign(agent, actor=agent)
        ticket.services.comment(agent, "Which floor?", status="prog")
        name, number = agent.get_username(), ticket.pk
        page = html(client_of(reporter).get(url_of(INBOX)))
        assert f"{name} changed ticket #{number}" in page
        assert f"Assigned to: Unassigned → {name}" in page
        assert f"{name} replied to ticket #{number}" in page
        assert "Which floor?" in page

    def test_notes_are_hidden_without_the_change_permission(
        self, client_of, ticket, agent, manager, url_of, revoke_change
    ):
        ticket.services.follow(manager)
        ticket.services.comment(agent, "Psst", internal=True)
        ticket.services.comment(agent, "Hello")
        client = client_of(manager)
        assert "Psst" in html(client.get(url_of(INBOX)))
        assert displayed_unread_count(client, url_of) == 2
        revoke_change()
        page = client.get(url_of(INBOX))
        assert "Psst" not in html(page)
        assert "Hello" in html(page)
        assert displayed_unread_count(client, url_of) == 1

    def test_entries_are_hidden_without_the_view_permission(
        self, client_of, ticket, agent, reporter, url_of
    ):
        ticket.services.comment(agent, "Which floor?")
        client = client_of(reporter)
        assert displayed_unread_count(client, url_of) == 1
        reporter.user_permissions.clear()
        page = client.get(url_of(INBOX))
        assert page.context["entries"] == []
        assert "Which floor?" not in html(page)
        assert displayed_unread_count(client, url_of) == 0
        row = Notification.objects.get(recipient=reporter, channel="in_app")
        assert client.post(url_of(ONE, row)).status_code == 404
        client.post(url_of(ALL))
        row = Notification.objects.get(pk=row.pk)
        assert not row.is_read

    def test_creators_who_can_view_own_tickets_keep_their_entries(
        self, client_of, own_ticket, ticket, agent, user_without_permissions, url_of, settings
    ):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        own_ticket.services.comment(agent, "Which floor?")
        other = ticket.services.comment(agent, "Secret")
        Notification(
            event=other.events.get(),
            recipient=user_without_permissions,
            channel="in_app",
            status="sent",
        ).save()
        client = client_of(user_without_permissions)
        page = html(client.get(url_of(INBOX)))
        assert "Which floor?" in page
        assert "Secret" not in page
        assert displayed_unread_count(client, url_of) == 1

    def test_number_of_queries_is_constant(
        self, client_of, manager, reporter, ticket, make_user, grant, url_of, capture_queries
    ):
        client = client_of(reporter)
        counts = []
        for number in (1, 12):
            for _time in range(number):
                user = grant(make_user(), "view", "change")
                ticket.services.assign(user, actor=manager)
                ticket.services.comment(user, "Hello")
            with capture_queries() as queries:
                client.get(url_of(INBOX))
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert counts[0] <= 10


def displayed_unread_count(client, url_of):
    """Return the count in the navigation."""
    found = re.search(r'class="hd-count">(\d+)<', html(client.get(url_of(INBOX))))
    return int(found[1]) if found else 0


@pytest.fixture
def revoke_change(manager):
    def revoke():
        permission = manager.user_permissions.get(codename="change_helpdeskticket")
        manager.user_permissions.remove(permission)

    return revoke
