"""Assigning tickets, on a ticket's page, on the list and on the page for it."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from help_desk.forms import assignment
from help_desk.models import HelpDeskTicket, TicketEvent

LIST, DETAIL, ASSIGN = "page:list", "page:detail", "form:assign"
AWAY = "https://evil.example.com/"


def html(response):
    return response.content.decode()


def message_texts(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def current():
    return HelpDeskTicket.objects.get()


@pytest.fixture
def assign(client_of, agent, ticket, url_of):
    client = client_of(agent)
    return lambda **data: client.post(url_of(ASSIGN, ticket), data)


def test_assign_to_me_and_unassign(assign, agent, ticket, url_of):
    response = assign(action="assign_to_me", version=ticket.services.version)
    assert response["Location"] == url_of(DETAIL, ticket)
    assert current().assigned_to == agent
    assert message_texts(response) == [f"Ticket #{ticket.pk} assigned to you."]
    response = assign(action="unassign", version=ticket.services.version)
    assert current().assigned_to is None
    assert message_texts(response)[-1] == f"Ticket #{ticket.pk} unassigned."


def test_assign_to_someone_else(assign, manager, ticket):
    response = assign(action="assign", assignee=manager.get_username())
    assert current().assigned_to == manager
    assert message_texts(response) == [f"Ticket #{ticket.pk} assigned to {manager.get_username()}."]


def test_select_lists_users_who_can_change_tickets(
    client_of, agent, manager, reporter, ticket, url_of
):
    ticket.services.assign(agent, actor=manager)
    response = client_of(agent).get(url_of(DETAIL, ticket))
    choices = response.context["assignment"].fields["assignee"].choices
    assert [value for value, _label in choices] == ["", manager.get_username()]
    assert f'<option value="{manager.get_username()}">' in html(response)


def test_username_is_typed_if_there_are_many_users(
    client_of, agent, manager, ticket, url_of, monkeypatch
):
    monkeypatch.setattr(assignment, "MAX_CHOICES", 1)
    page = html(client_of(agent).get(url_of(DETAIL, ticket)))
    assert '<input type="text" name="assignee"' in page
    assert "The name that they sign in with." in page
    assert f'value="{manager.get_username()}"' not in page
    client_of(agent).post(
        url_of(ASSIGN, ticket), {"action": "assign", "assignee": manager.get_username()}
    )
    assert current().assigned_to == manager


@pytest.mark.parametrize("limit", [0, 50], ids=["input", "select"])
@pytest.mark.parametrize(
    "assignee", ["reporter", "nobody", "", "a\x00", "x" * 1000, "<script>", "\ufffd"], ids=ascii
)
def test_invalid_assignee_is_an_error_and_kept(
    assign, reporter, monkeypatch, assignee, limit, ticket
):
    monkeypatch.setattr(assignment, "MAX_CHOICES", limit)
    name = reporter.get_username() if assignee == "reporter" else assignee
    response = assign(action="assign", assignee=name)
    assert response.status_code == 200
    assert set(response.context["assignment"].errors) == {"assignee"}
    assert current().assigned_to is None
    assert "<script" not in html(response)
    if assignee in {"reporter", "nobody"}:
        assert "No user with that name can be assigned tickets." in html(response)
        assert limit or f'value="{name}"' in html(response)


def test_assignment_by_someone_else_is_not_overwritten(assign, ticket, manager):
    version = ticket.services.version
    ticket.services.assign(manager, actor=manager)
    response = assign(action="assign_to_me", version=version)
    assert current().assigned_to == manager
    (message,) = message_texts(response)
    assert message.startswith("This ticket changed while you were editing.")
    assert message.endswith(f"Assigned to: {manager.get_username()}.")


def test_unassignment_by_someone_else_is_not_overwritten(assign, ticket, manager, agent):
    ticket.services.assign(manager, actor=manager)
    version = ticket.services.version
    ticket.services.assign(None, actor=manager)
    response = assign(action="assign", assignee=agent.get_username(), version=version)
    assert current().assigned_to is None
    assert message_texts(response)[0].endswith("Assigned to: Unassigned.")


def test_double_click_assigns_once(assign, ticket):
    version = ticket.services.version
    for _time in range(2):
        assign(action="assign_to_me", version=version)
    assert TicketEvent.objects.count() == 2


@pytest.mark.parametrize("action", ["", "nope", "\x00"])
def test_unknown_action_shows_the_form(assign, action):
    assert assign(action=action).status_code == 200
    assert TicketEvent.objects.count() == 1


def test_page_returns_to_where_the_user_came_from(client_of, agent, ticket, url_of):
    url = url_of(LIST) + "?status=read&q=a%26b"
    client = client_of(agent)
    page = html(client.get(url_of(ASSIGN, ticket), {"return_url": url}))
    assert f'value="{url.replace("&", "&amp;")}"' in page
    response = client.post(url_of(ASSIGN, ticket), {"action": "assign_to_me", "return_url": url})
    assert response["Location"] == url
    assert "evil" not in html(client.get(url_of(ASSIGN, ticket), {"return_url": AWAY}))


class TestList:
    def test_shows_assignees_and_assigns_tickets(
        self, client_of, agent, manager, make_ticket, url_of
    ):
        assigned, unassigned = make_ticket(assigned_to=manager), make_ticket()
        client = client_of(agent)
        page = html(client.get(url_of(LIST), {"status": "read"}))
        assert f"<bdi>{manager.get_username()}</bdi>" in page
        assert "<bdi>Unassigned</bdi>" in page
        assert page.count('value="assign_to_me"') == 1
        url = url_of(LIST) + "?status=read"
        assert f'name="return_url" value="{url}"' in page
        data = {
            "action": "assign_to_me",
            "return_url": url,
            "version": unassigned.services.version,
        }
        assert client.post(url_of(ASSIGN, unassigned), data)["Location"] == url
        unassigned.refresh_from_db()
        assert unassigned.assigned_to == agent
        assert "<bdi>You</bdi>" in html(client.get(url_of(LIST)))
        assigned.refresh_from_db()
        assert assigned.assigned_to == manager

    @pytest.mark.parametrize(
        ("assignee", "status", "action"),
        [
            (None, "read", "assign_to_me"),
            ("agent", "prog", "unassign"),
            ("manager", "read", ""),
            (None, "done", ""),
        ],
    )
    def test_action_of_a_row(
        self, client_of, agent, manager, make_ticket, url_of, assignee, status, action
    ):
        user = {"agent": agent, "manager": manager}.get(assignee)
        ticket = make_ticket(assigned_to=user, status=status)
        (row,) = client_of(agent).get(url_of(LIST)).context["rows"]
        assert (row.ticket, row.action) == (ticket, action)
        version = f"{url_of(ASSIGN, ticket)}?version={ticket.services.version}"
        assert row.assign_url == ("" if status == "done" else version)

    def test_no_buttons_without_the_change_permission(
        self, client_of, reporter, make_ticket, url_of
    ):
        make_ticket()
        assert "/assign/" not in html(client_of(reporter).get(url_of(LIST)))

    def test_filters_by_assignee(self, client_of, agent, manager, make_ticket, url_of):
        mine, unassigned = make_ticket(assigned_to=agent), make_ticket()
        theirs = make_ticket(assigned_to=manager)
        client = client_of(agent)

        def found(**query):
            return set(client.get(url_of(LIST), query).context["tickets"])

        assert found(assignee="me") == {mine}
        assert found(assignee="unassigned") == {unassigned}
        for query in ({}, {"assignee": ""}, {"assignee": "anyone"}, {"assignee": "\x00"}):
            assert found(**query) == {mine, unassigned, theirs}
        page = html(client.get(url_of(LIST), {"assignee": "me"}))
        assert '<option value="me" selected>' in page

    def test_query_count_is_constant(
        self, client_of, make_user, grant, manager, make_ticket, url_of, capture_queries
    ):
        client = client_of(manager)
        counts = []
        for number in (1, 20):
            for _time in range(number):
                make_ticket(assigned_to=grant(make_user(), "change"))
            with capture_queries() as queries:
                client.get(url_of(LIST))
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert counts[0] <= 10
