"""Changing a ticket's status with one click."""

from __future__ import annotations

from unittest import mock

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from help_desk.models import HelpDeskTicket, TicketEvent
from help_desk.views.ticket_page import find_ticket

LIST, DETAIL, STATUS, ASSIGN = "page:list", "page:detail", "form:status", "form:assign"
BOTH = pytest.mark.parametrize("name", [STATUS, ASSIGN])
DATA = {"status": "done", "action": "assign_to_me"}


def html(response):
    return response.content.decode()


def message_texts(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def current():
    return HelpDeskTicket.objects.get()


@pytest.fixture
def post_status(client_of, agent, ticket, url_of):
    client = client_of(agent)
    return lambda **data: client.post(url_of(STATUS, ticket), data)


@pytest.mark.parametrize(
    ("status", "labels"),
    [
        ("read", ["Start", "Mark as done"]),
        ("prog", ["Mark as done", "Move back to ready"]),
        ("done", ["Reopen"]),
    ],
)
def test_buttons_are_those_of_the_next_statuses(
    client_of, agent, make_ticket, url_of, status, labels
):
    response = client_of(agent).get(url_of(DETAIL, make_ticket(status=status)))
    assert [str(step.label) for step in response.context["steps"]] == labels
    for label in labels:
        assert f">{label}</button>" in html(response)


def test_no_buttons_without_the_change_permission(client_of, reporter, ticket, url_of):
    page = html(client_of(reporter).get(url_of(DETAIL, ticket)))
    assert url_of(STATUS, ticket) not in page
    assert url_of(ASSIGN, ticket) not in page


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("read", "prog", "Ticket #{} marked as in progress."),
        ("prog", "done", "Ticket #{} marked as done."),
        ("done", "read", "Ticket #{} reopened."),
        ("prog", "read", "Ticket #{} moved back to ready."),
    ],
)
def test_status_is_changed(client_of, agent, make_ticket, url_of, old, new, message):
    ticket = make_ticket(status=old)
    data = {"status": new, "version": ticket.services.version}
    response = client_of(agent).post(url_of(STATUS, ticket), data)
    assert response["Location"] == url_of(DETAIL, ticket)
    assert message_texts(response) == [message.format(ticket.pk)]
    assert current().status == new
    assert TicketEvent.objects.last().actor == agent


def test_assignment_on_start_is_in_the_message(post_status, ticket, settings):
    settings.HELP_DESK = {**settings.HELP_DESK, "ASSIGN_ON_START": True}
    response = post_status(status="prog")
    assert message_texts(response) == [
        f"Ticket #{ticket.pk} marked as in progress. Ticket #{ticket.pk} assigned to you."
    ]


def test_double_click_changes_the_status_once(post_status, ticket):
    version = ticket.services.version
    for _time in range(2):
        response = post_status(status="prog", version=version)
    assert len(message_texts(response)) == 1
    assert TicketEvent.objects.count() == 2


def test_status_that_someone_else_changed_is_not_overwritten(post_status, ticket, manager):
    version = ticket.services.version
    ticket.services.complete(manager)
    response = post_status(status="prog", version=version)
    assert current().status == "done"
    assert message_texts(response) == [
        "This ticket changed while you were editing. Your change was not saved. Status: Done."
    ]


def test_changes_of_other_fields_are_no_conflict(post_status, ticket, manager):
    version = ticket.services.version
    ticket.services.update(manager, priority="urge")
    ticket.services.comment(manager, "Hello")
    post_status(status="prog", version=version)
    assert (current().status, current().priority) == ("prog", "urge")


@pytest.mark.parametrize("status", ["", "nope", "\x00", "READ", "x" * 10_000])
def test_unknown_status_changes_nothing(post_status, ticket, status):
    assert post_status(status=status).status_code == 302
    assert TicketEvent.objects.count() == 1


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 20, "9" * 5000, "\x00"])
def test_invalid_version_is_ignored(post_status, version):
    assert post_status(status="prog", version=version).status_code == 302
    assert current().status == "prog"


def test_redirect_stays_within_the_site(post_status, ticket, url_of):
    url = url_of(LIST) + "?page=2"
    assert post_status(status="prog", return_url=url)["Location"] == url
    response = post_status(status="done", return_url="https://evil.example.com/")
    assert response["Location"] == url_of(DETAIL, ticket)


def test_get_changes_nothing(client_of, agent, ticket, url_of):
    response = client_of(agent).get(url_of(STATUS, ticket), {"status": "done"})
    assert response["Location"] == url_of(DETAIL, ticket)
    assert current().status == "read"


@BOTH
def test_permission_and_csrf_token_are_required(client_of, reporter, agent, ticket, url_of, name):
    assert client_of(reporter).post(url_of(name, ticket), DATA).status_code == 403
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent)
    assert client.post(url_of(name, ticket), DATA).status_code == 403
    assert TicketEvent.objects.count() == 1


@BOTH
def test_deleted_or_unknown_ticket_is_not_found(client_of, agent, ticket, url_of, name):
    ticket.set_deleted()
    assert client_of(agent).post(url_of(name, ticket), DATA).status_code == 404
    for number in ("0", "9" * 20, "9" * 5000):
        path = url_of(name, ticket).replace(f"/{ticket.pk}/", f"/{number}/")
        assert client_of(agent).post(path, DATA).status_code == 404


@pytest.mark.parametrize(
    ("name", "module"), [(STATUS, "status_views"), (ASSIGN, "assignment_views")]
)
def test_ticket_deleted_after_it_was_read_is_not_found(
    client_of, agent, ticket, url_of, name, module
):
    def find_then_delete(request, pk):
        found = find_ticket(request, pk)
        HelpDeskTicket.objects.filter(pk=pk).update(is_deleted=True)
        return found

    with mock.patch(f"help_desk.views.{module}.find_ticket", find_then_delete):
        response = client_of(agent).post(url_of(name, ticket), DATA)
    assert response.status_code == 404


def test_user_who_may_change_but_not_view_is_redirected_elsewhere(
    client_of, user_without_permissions, grant, ticket, url_of
):
    client = client_of(grant(user_without_permissions, "change"))
    response = client.post(url_of(STATUS, ticket), {"status": "done"}, follow=True)
    assert response.status_code == 200
    assert current().status == "done"
    assert ticket.description not in html(client.get(url_of(ASSIGN, ticket)))


@pytest.mark.parametrize("description", ["  ", "x" * 100_001], ids=["empty", "long"])
def test_invalid_stored_description_does_not_prevent_changes(
    client_of, agent, ticket, url_of, description
):
    HelpDeskTicket.objects.update(description=description)
    for name in (STATUS, ASSIGN):
        assert client_of(agent).post(url_of(name, ticket), DATA).status_code == 302
    assert (current().status, current().assigned_to) == ("done", agent)
