"""Status and assignment by single clicks."""

from __future__ import annotations

from unittest import mock

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from help_desk.forms import assignment as work_forms
from help_desk.models import HelpDeskTicket, TicketEvent
from help_desk.views.ticket_page import find_ticket

LIST, DETAIL = "page:list", "page:detail"
STATUS, ASSIGN = "form:status", "form:assign"
AWAY = "https://evil.example.com/"


def html(response):
    return response.content.decode()


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def now():
    return HelpDeskTicket.objects.get()


class TestStatus:
    @pytest.fixture
    def step(self, client_of, agent, ticket, url_of):
        client = client_of(agent)
        return lambda **data: client.post(url_of(STATUS, ticket), data)

    @pytest.mark.parametrize(
        ("status", "labels"),
        [
            ("read", ["Start", "Set done"]),
            ("prog", ["Set done", "Back to ready"]),
            ("done", ["Reopen"]),
        ],
    )
    def test_the_buttons_are_those_that_lead_on(
        self, client_of, agent, make_ticket, url_of, status, labels
    ):
        response = client_of(agent).get(url_of(DETAIL, make_ticket(status=status)))
        assert [str(step.label) for step in response.context["steps"]] == labels
        for label in labels:
            assert f">{label}</button>" in html(response)

    def test_who_may_not_change_has_no_buttons(self, client_of, reporter, ticket, url_of):
        page = html(client_of(reporter).get(url_of(DETAIL, ticket)))
        assert url_of(STATUS, ticket) not in page
        assert url_of(ASSIGN, ticket) not in page

    def test_one_click(self, step, ticket, url_of, agent):
        response = step(status="prog", version=ticket.services.version)
        assert response["Location"] == url_of(DETAIL, ticket)
        assert said(response) == [f"Ticket #{ticket.pk} is now: In Progress."]
        assert now().status == "prog"
        assert TicketEvent.objects.last().actor == agent

    def test_clicking_twice_is_clicking_once(self, step, ticket):
        version = ticket.services.version
        for _time in range(2):
            response = step(status="prog", version=version)
        assert len(said(response)) == 1
        assert TicketEvent.objects.count() == 2

    def test_what_somebody_else_did_is_not_overwritten(self, step, ticket, manager):
        version = ticket.services.version
        ticket.services.complete(manager)
        response = step(status="prog", version=version)
        assert now().status == "done"
        assert said(response) == [
            f"Nothing was changed: somebody else was faster. Ticket #{ticket.pk} is now: Done."
        ]

    def test_other_changes_are_in_nobodys_way(self, step, ticket, manager):
        version = ticket.services.version
        ticket.services.update(manager, priority="urge")
        ticket.services.comment(manager, "Hello")
        step(status="prog", version=version)
        assert (now().status, now().priority) == ("prog", "urge")

    @pytest.mark.parametrize("status", ["", "nope", "\x00", "READ", "x" * 10_000])
    def test_unknown_statuses_change_nothing(self, step, ticket, status):
        assert step(status=status).status_code == 302
        assert TicketEvent.objects.count() == 1

    @pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 20, "9" * 5000, "\x00"])
    def test_odd_versions(self, step, version):
        assert step(status="prog", version=version).status_code == 302
        assert now().status == "prog"

    def test_the_way_back_stays_within_the_site(self, step, ticket, url_of):
        back = url_of(LIST) + "?page=2"
        assert step(status="prog", return_url=back)["Location"] == back
        assert step(status="done", return_url=AWAY)["Location"] == url_of(DETAIL, ticket)

    def test_getting_changes_nothing(self, client_of, agent, ticket, url_of):
        response = client_of(agent).get(url_of(STATUS, ticket), {"status": "done"})
        assert response["Location"] == url_of(DETAIL, ticket)
        assert now().status == "read"

    @pytest.mark.parametrize("name", [STATUS, ASSIGN])
    def test_needs_the_permission_and_a_token(
        self, client_of, reporter, agent, ticket, url_of, name
    ):
        data = {"status": "done", "action": "take"}
        assert client_of(reporter).post(url_of(name, ticket), data).status_code == 403
        client = Client(enforce_csrf_checks=True)
        client.force_login(agent)
        assert client.post(url_of(name, ticket), data).status_code == 403
        assert TicketEvent.objects.count() == 1

    @pytest.mark.parametrize("name", [STATUS, ASSIGN])
    def test_tickets_that_are_gone(self, client_of, agent, ticket, url_of, name):
        ticket.set_deleted()
        data = {"status": "done", "action": "take"}
        assert client_of(agent).post(url_of(name, ticket), data).status_code == 404
        for number in ("0", "9" * 20, "9" * 5000):
            path = url_of(name, ticket).replace(f"/{ticket.pk}/", f"/{number}/")
            assert client_of(agent).post(path, data).status_code == 404

    @pytest.mark.parametrize("name", [STATUS, ASSIGN])
    def test_a_ticket_that_is_deleted_in_this_moment(self, client_of, agent, ticket, url_of, name):
        def find_then_delete(request, pk):
            found = find_ticket(request, pk)
            HelpDeskTicket.objects.filter(pk=pk).update(is_deleted=True)
            return found

        with mock.patch("help_desk.views.workflow_views.find_ticket", find_then_delete):
            response = client_of(agent).post(
                url_of(name, ticket), {"status": "done", "action": "take"}
            )
        assert response.status_code == 404

    def test_who_may_change_but_not_see_is_led_elsewhere(
        self, client_of, user_without_permissions, grant, ticket, url_of
    ):
        client = client_of(grant(user_without_permissions, "change"))
        response = client.post(url_of(STATUS, ticket), {"status": "done"}, follow=True)
        assert response.status_code == 200
        assert now().status == "done"
        assert ticket.description not in html(client.get(url_of(ASSIGN, ticket)))


class TestAssignment:
    @pytest.fixture
    def assign(self, client_of, agent, ticket, url_of):
        client = client_of(agent)
        return lambda **data: client.post(url_of(ASSIGN, ticket), data)

    def test_take_and_release(self, assign, agent, ticket, url_of):
        response = assign(action="take", version=ticket.services.version)
        assert response["Location"] == url_of(DETAIL, ticket)
        assert now().assigned_to == agent
        assert said(response) == [f"{agent.get_username()} has Ticket #{ticket.pk} now."]
        assign(action="release", version=ticket.services.version)
        assert now().assigned_to is None

    def test_give(self, assign, manager):
        assign(action="give", person=manager.get_username())
        assert now().assigned_to == manager

    def test_people_to_choose_from_are_those_who_may_work(
        self, client_of, agent, manager, reporter, ticket, url_of
    ):
        ticket.services.assign(agent, manager)
        response = client_of(agent).get(url_of(DETAIL, ticket))
        widget = response.context["assignment"].fields["person"].widget
        assert [value for value, _label in widget.choices] == ["", manager.get_username()]

    def test_many_people_are_typed(self, client_of, agent, manager, ticket, url_of, monkeypatch):
        monkeypatch.setattr(work_forms, "MAX_CHOICES", 1)
        page = html(client_of(agent).get(url_of(DETAIL, ticket)))
        assert '<input type="text" name="person"' in page
        assert "What the person signs in with." in page
        assert f'value="{manager.get_username()}"' not in page
        client_of(agent).post(
            url_of(ASSIGN, ticket), {"action": "give", "person": manager.get_username()}
        )
        assert now().assigned_to == manager

    @pytest.mark.parametrize(
        "person", ["reporter", "nobody", "", "a\x00", "x" * 1000, "<script>", "\ufffd"]
    )
    def test_whom_it_cannot_be_given_is_said_and_kept(
        self, assign, reporter, monkeypatch, person, ticket
    ):
        monkeypatch.setattr(work_forms, "MAX_CHOICES", 0)
        name = reporter.get_username() if person == "reporter" else person
        response = assign(action="give", person=name)
        assert response.status_code == 200
        assert set(response.context["assignment"].errors) == {"person"}
        assert now().assigned_to is None
        assert "<script" not in html(response)
        if person in {"reporter", "nobody"}:
            assert f'value="{name}"' in html(response)

    def test_taken_by_somebody_else_meanwhile(self, assign, ticket, manager):
        version = ticket.services.version
        ticket.services.assign(manager, manager)
        response = assign(action="take", version=version)
        assert now().assigned_to == manager
        (message,) = said(response)
        assert message.startswith("Nothing was changed: somebody else was faster.")
        assert message.endswith(f" {manager.get_username()} has Ticket #{ticket.pk} now.")

    def test_released_by_somebody_else_meanwhile(self, assign, ticket, manager, agent):
        ticket.services.assign(manager, manager)
        version = ticket.services.version
        ticket.services.assign(None, manager)
        response = assign(action="give", person=agent.get_username(), version=version)
        assert now().assigned_to is None
        assert said(response)[0].endswith(f"Nobody has Ticket #{ticket.pk} now.")

    def test_clicking_twice_is_clicking_once(self, assign, ticket):
        version = ticket.services.version
        for _time in range(2):
            assign(action="take", version=version)
        assert TicketEvent.objects.count() == 2

    @pytest.mark.parametrize("action", ["", "nope", "\x00"])
    def test_unknown_actions_ask_again(self, assign, action):
        assert assign(action=action).status_code == 200
        assert TicketEvent.objects.count() == 1

    def test_the_page_by_itself_leads_back(self, client_of, agent, ticket, url_of):
        back = url_of(LIST) + "?status=read&q=a%26b"
        client = client_of(agent)
        page = html(client.get(url_of(ASSIGN, ticket), {"return_url": back}))
        assert f'value="{back.replace("&", "&amp;")}"' in page
        response = client.post(url_of(ASSIGN, ticket), {"action": "take", "return_url": back})
        assert response["Location"] == back
        assert "evil" not in html(client.get(url_of(ASSIGN, ticket), {"return_url": AWAY}))

    def test_ten_megabytes_are_refused_with_advice(self, assign):
        assert assign(action="give", person="x" * 10_000_000).status_code == 413


class TestList:
    def test_says_who_has_each_and_lets_one_take_it(
        self, client_of, agent, manager, make_ticket, url_of
    ):
        taken, free = make_ticket(assigned_to=manager), make_ticket()
        client = client_of(agent)
        page = html(client.get(url_of(LIST), {"status": "read"}))
        assert f"<bdi>{manager.get_username()}</bdi>" in page
        assert page.count('value="take"') == 1
        back = url_of(LIST) + "?status=read"
        assert f'name="return_url" value="{back}"' in page
        data = {"action": "take", "return_url": back, "version": free.services.version}
        assert client.post(url_of(ASSIGN, free), data)["Location"] == back
        free.refresh_from_db()
        assert free.assigned_to == agent
        taken.refresh_from_db()
        assert taken.assigned_to == manager

    def test_who_may_not_change_has_no_buttons(self, client_of, reporter, make_ticket, url_of):
        make_ticket()
        assert "/assign/" not in html(client_of(reporter).get(url_of(LIST)))

    def test_by_who_has_them(self, client_of, agent, manager, make_ticket, url_of):
        mine, free = make_ticket(assigned_to=agent), make_ticket()
        theirs = make_ticket(assigned_to=manager)
        client = client_of(agent)

        def found(**query):
            return set(client.get(url_of(LIST), query).context["tickets"])

        assert found(assignee="me") == {mine}
        assert found(assignee="nobody") == {free}
        for anybody in ({}, {"assignee": ""}, {"assignee": "anybody"}, {"assignee": "\x00"}):
            assert found(**anybody) == {mine, free, theirs}
        page = html(client.get(url_of(LIST), {"assignee": "me"}))
        assert '<option value="me" selected>' in page

    def test_the_number_of_queries_depends_on_nothing(
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


@pytest.mark.parametrize("description", ["  ", "x" * 100_001], ids=["empty", "long"])
def test_description_of_old_hinders_nobody(client_of, agent, ticket, url_of, description):
    HelpDeskTicket.objects.update(description=description)
    assert client_of(agent).post(url_of(STATUS, ticket), {"status": "prog"}).status_code == 302
    assert client_of(agent).post(url_of(ASSIGN, ticket), {"action": "take"}).status_code == 302
    assert (now().status, now().assigned_to) == ("prog", agent)
