"""The permissions that pages require."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.conf import settings
from django.urls import reverse

from tests.support.routes import UNSUBSCRIBE, every_url

LIST, DETAIL, DELETE = "page:list", "page:detail", "page:delete"
CREATE, UPDATE, INBOX = "form:create", "form:update", "page:inbox"
INDEX, SUBMITTED = "index", "page:submitted"

PAGES = {
    LIST: ("/help_desk/page/list/", "view"),
    DETAIL: ("/help_desk/page/{pk}/detail/", "view"),
    DELETE: ("/help_desk/page/{pk}/delete/", "delete"),
    CREATE: ("/help_desk/form/create/", "add"),
    UPDATE: ("/help_desk/form/{pk}/update/", "change"),
}
OF_A_TICKET = [DETAIL, DELETE, UPDATE, SUBMITTED]
EVERY = [*PAGES, INBOX, INDEX, SUBMITTED]
READ_ONLY = [LIST, DETAIL, INBOX, INDEX, SUBMITTED]
SIGNED_OUT = (
    "You were signed out and your changes were not saved. Use your browser&#x27;s Back button to "
    "recover what you typed."
)


def url_for(name, ticket):
    kwargs = {"pk": ticket.pk} if name in OF_A_TICKET else None
    return reverse(f"django_spire:help_desk:{name}", kwargs=kwargs)


@pytest.mark.parametrize("name", PAGES)
def test_documented_urls(name, ticket):
    assert url_for(name, ticket) == PAGES[name][0].format(pk=ticket.pk)


@pytest.mark.parametrize(
    ("permissions", "page"),
    [((), INBOX), (("add",), CREATE), (("view",), LIST), (("add", "view"), LIST)],
    ids=["none", "add", "view", "both"],
)
def test_root_url_redirects_to_the_first_page_that_the_user_may_open(
    client_of, user_without_permissions, grant, url_of, permissions, page
):
    client = client_of(grant(user_without_permissions, *permissions))
    response = client.get("/help_desk/")
    assert (response.status_code, response["Location"]) == (302, url_of(page))
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("name", EVERY)
def test_anonymous_users_are_redirected_to_the_login_page(client, ticket, name, method):
    url = url_for(name, ticket)
    response = getattr(client, method)(url)
    if (
        method == "post"
        and name in {LIST, DETAIL, INBOX, INDEX, SUBMITTED}
        and response.status_code == 405
    ):
        return
    assert response.status_code == 302
    assert response["Location"] == f"{settings.LOGIN_URL}?next={quote(url)}"


def test_post_of_a_signed_out_user_is_followed_by_a_message(client, reporter, url_of):
    client.post(url_of(CREATE), {"description": "Typed for a long time."})
    client.force_login(reporter)
    assert SIGNED_OUT in client.get(url_of(CREATE)).content.decode()
    client.logout()
    client.get(url_of(CREATE))
    client.force_login(reporter)
    assert SIGNED_OUT not in client.get(url_of(CREATE)).content.decode()


@pytest.fixture
def urls(ticket, agent):
    return every_url(ticket, ticket.services.comment(agent, "Hello"))


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_no_route_is_open_to_anonymous_users(client, ticket, urls, method):
    events = ticket.events.count()
    for name, url in urls.items():
        if name == UNSUBSCRIBE:
            continue
        response = getattr(client, method)(url, {"should_delete": "1", "text": "No"})
        if response.status_code != 405:
            assert response.status_code == 302, name
            assert response["Location"].startswith(f"{settings.LOGIN_URL}?next="), name
        assert not response.content
    assert ticket.events.count() == events


def test_post_of_a_signed_out_user_gets_the_message_on_every_route(client, urls, reporter, url_of):
    for name, url in urls.items():
        client.logout()
        response = client.post(url)
        if name == UNSUBSCRIBE or response.status_code == 405:
            continue
        client.force_login(reporter)
        assert SIGNED_OUT in client.get(url_of(CREATE)).content.decode(), name


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["anonymous", "guest", "manager"])
def test_responses_are_private_and_keep_typed_text(
    client, urls, user_without_permissions, manager, who, method
):
    users = {"guest": user_without_permissions, "manager": manager}
    for name, url in urls.items():
        if who in users:
            client.force_login(users[who])
        response = getattr(client, method)(url)
        if name == UNSUBSCRIBE or response.status_code in {404, 405}:
            continue
        directives = set(response.headers["Cache-Control"].split(", "))
        # `no-store` would keep the Back button from restoring typed text.
        assert directives == {"private", "no-cache"}, name


def test_signing_in_keeps_the_filters(client, url_of):
    response = client.get(url_of(LIST), {"q": "a&b"})
    assert response["Location"].endswith(quote(f"{url_of(LIST)}?q=a%26b"))


@pytest.mark.parametrize("name", PAGES)
def test_page_without_the_permission_is_forbidden(
    client_of, user_without_permissions, ticket, name
):
    response = client_of(user_without_permissions).get(url_for(name, ticket))
    assert response.status_code == 403
    assert "help_desk/403.html" in [template.name for template in response.templates]
    page = response.content.decode()
    assert "You do not have permission to" in page
    assert "Ask an administrator for access." in page
    assert "_helpdeskticket" not in page


def test_page_without_permission_links_to_what_the_user_can_open(
    client_of, user_without_permissions, grant, ticket, url_of
):
    def links(user):
        page = client_of(user).get(url_of(DELETE, ticket)).content.decode()
        labels = {LIST: "View tickets", CREATE: "Create a ticket", INBOX: "Open your inbox"}
        return [
            name for name, label in labels.items() if f'href="{url_of(name)}">{label}</a>' in page
        ]

    assert links(user_without_permissions) == [INBOX]
    assert links(grant(user_without_permissions, "add")) == [CREATE, INBOX]
    assert links(grant(user_without_permissions, "view")) == [LIST, CREATE, INBOX]


@pytest.mark.parametrize("name", [DELETE, CREATE, UPDATE])
def test_post_without_the_permission_changes_nothing(
    client_of, user_without_permissions, ticket, name
):
    ticket.refresh_from_db()
    before = ticket.__dict__ | {"_state": None}
    data = {"should_delete": "1", "purpose": "comp", "priority": "low", "status": "done"}
    response = client_of(user_without_permissions).post(
        url_for(name, ticket), {**data, "description": "No"}
    )
    assert response.status_code == 403
    after = type(ticket).objects.get()
    assert {field: getattr(after, field) for field in ("status", "is_deleted", "purpose")} == {
        field: before[field] for field in ("status", "is_deleted", "purpose")
    }


@pytest.mark.parametrize("name", PAGES)
def test_documented_permission_is_enough(client_of, user_without_permissions, grant, ticket, name):
    user = grant(user_without_permissions, PAGES[name][1])
    assert client_of(user).get(url_for(name, ticket)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_other_permissions_are_not_enough(client_of, user_without_permissions, grant, ticket, name):
    others = {"add", "change", "delete", "view"} - {PAGES[name][1]}
    user = grant(user_without_permissions, *sorted(others))
    assert client_of(user).get(url_for(name, ticket)).status_code == 403


def test_the_inbox_needs_no_permission(client_of, user_without_permissions, url_of):
    assert client_of(user_without_permissions).get(url_of(INBOX)).status_code == 200


@pytest.mark.parametrize("name", [DETAIL, DELETE, UPDATE])
def test_deleted_tickets_are_not_found(client_of, manager, ticket, name):
    ticket.services.delete(actor=manager)
    client = client_of(manager)
    assert client.get(url_for(name, ticket)).status_code == 404
    if name != DETAIL:
        assert client.post(url_for(name, ticket), {"should_delete": "1"}).status_code == 404


@pytest.mark.parametrize("pk", ["0", "99999999999999999999", "9" * 5000])
@pytest.mark.parametrize("path", ["page/{}/detail/", "page/{}/delete/", "form/{}/update/"])
def test_unknown_tickets_are_not_found(client_of, manager, path, pk):
    client = client_of(manager)
    assert client.get(f"/help_desk/{path.format(pk)}").status_code == 404
    if "detail" not in path:
        assert client.post(f"/help_desk/{path.format(pk)}").status_code == 404


@pytest.mark.parametrize("name", READ_ONLY)
def test_read_only_pages_reject_posts(client_of, manager, ticket, name):
    assert client_of(manager).post(url_for(name, ticket)).status_code == 405


class TestSubmitted:
    """The page that confirms a ticket to its creator."""

    def test_creator_can_open_it_with_no_permission(
        self, client_of, user_without_permissions, own_ticket, url_of
    ):
        response = client_of(user_without_permissions).get(url_of(SUBMITTED, own_ticket))
        assert response.status_code == 200
        assert url_of(SUBMITTED, own_ticket) == f"/help_desk/page/{own_ticket.pk}/submitted/"

    @pytest.mark.parametrize("setting", [False, True])
    def test_it_is_not_found_for_anyone_else(
        self, client_of, manager, own_ticket, url_of, settings, setting
    ):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": setting}
        assert client_of(manager).get(url_of(SUBMITTED, own_ticket)).status_code == 404

    def test_it_is_not_found_after_the_ticket_was_deleted(
        self, client_of, user_without_permissions, own_ticket, url_of
    ):
        own_ticket.set_deleted()
        response = client_of(user_without_permissions).get(url_of(SUBMITTED, own_ticket))
        assert response.status_code == 404

    @pytest.mark.parametrize("pk", ["0", "99999999999999999999", "9" * 5000])
    def test_unknown_tickets_are_not_found(self, client_of, user_without_permissions, pk):
        client = client_of(user_without_permissions)
        assert client.get(f"/help_desk/page/{pk}/submitted/").status_code == 404

    def test_it_shows_nothing_that_others_wrote(
        self, client_of, user_without_permissions, own_ticket, agent, url_of
    ):
        own_ticket.services.update(agent, description="Known to the staff only.", status="prog")
        page = client_of(user_without_permissions).get(url_of(SUBMITTED, own_ticket))
        assert "Known to the staff" not in page.content.decode()
        assert "In Progress" not in page.content.decode()


class TestCreatorsSeeOwnTickets:
    @pytest.fixture(autouse=True)
    def enabled(self, settings):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}

    def test_list_has_own_tickets_only(
        self, client_of, user_without_permissions, own_ticket, ticket, url_of
    ):
        response = client_of(user_without_permissions).get(url_of(LIST))
        assert list(response.context["tickets"]) == [own_ticket]
        assert "Your tickets" in response.content.decode()

    def test_own_ticket_can_be_opened(
        self, client_of, user_without_permissions, own_ticket, url_of
    ):
        response = client_of(user_without_permissions).get(url_of(DETAIL, own_ticket))
        assert response.status_code == 200

    def test_tickets_of_others_are_forbidden(
        self, client_of, user_without_permissions, ticket, url_of
    ):
        response = client_of(user_without_permissions).get(url_of(DETAIL, ticket))
        assert response.status_code == 403
        assert ticket.description not in response.content.decode()

    def test_own_deleted_ticket_is_not_found(
        self, client_of, user_without_permissions, own_ticket, url_of
    ):
        own_ticket.set_deleted()
        assert (
            client_of(user_without_permissions).get(url_of(DETAIL, own_ticket)).status_code == 404
        )

    @pytest.mark.parametrize("name", [DELETE, UPDATE])
    def test_own_ticket_can_be_neither_changed_nor_deleted(
        self, client_of, user_without_permissions, own_ticket, name, url_of
    ):
        assert client_of(user_without_permissions).get(url_of(name, own_ticket)).status_code == 403

    def test_anonymous_users_see_nothing(self, client, own_ticket, url_of):
        assert client.get(url_of(LIST)).status_code == 302
        assert client.get(url_of(DETAIL, own_ticket)).status_code == 302


def test_creators_do_not_see_own_tickets_by_default(
    client_of, user_without_permissions, own_ticket, url_of
):
    assert client_of(user_without_permissions).get(url_of(DETAIL, own_ticket)).status_code == 403
    assert client_of(user_without_permissions).get(url_of(LIST)).status_code == 403


TICKET_FORMS = {
    "form:comment": ("/help_desk/form/{pk}/comment/", "view", {"text": "Hello"}),
    "form:follow": ("/help_desk/form/{pk}/follow/", "view", {"subscription": "mute"}),
    "form:status": ("/help_desk/form/{pk}/status/", "change", {"status": "done"}),
    "form:assign": ("/help_desk/form/{pk}/assign/", "change", {"action": "assign_to_me"}),
}


@pytest.mark.parametrize("name", TICKET_FORMS)
class TestTicketForms:
    def test_documented_urls(self, name, ticket, url_of):
        assert url_of(name, ticket) == TICKET_FORMS[name][0].format(pk=ticket.pk)

    def test_anonymous_users_are_redirected_to_the_login_page(self, client, ticket, url_of, name):
        url = url_of(name, ticket)
        response = client.post(url, TICKET_FORMS[name][2])
        assert response["Location"] == f"{settings.LOGIN_URL}?next={quote(url)}"
        assert ticket.events.count() == 1

    def test_page_without_the_permission_is_forbidden(
        self, client_of, user_without_permissions, grant, ticket, url_of, name
    ):
        others = {"add", "change", "delete", "view"} - {TICKET_FORMS[name][1]}
        client = client_of(grant(user_without_permissions, *sorted(others)))
        response = client.post(url_of(name, ticket), TICKET_FORMS[name][2])
        assert response.status_code == 403
        assert "Ask an administrator for access." in response.content.decode()
        assert ticket.events.count() == 1

    def test_documented_permission_is_enough(
        self, client_of, user_without_permissions, grant, ticket, url_of, name
    ):
        user = grant(user_without_permissions, TICKET_FORMS[name][1])
        response = client_of(user).post(url_of(name, ticket), TICKET_FORMS[name][2])
        assert response.status_code == 302
