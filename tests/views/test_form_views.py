"""Creating and editing tickets."""

from __future__ import annotations

from unittest import mock
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from help_desk.models import HelpDeskTicket, Notification
from help_desk.services.service import HelpDeskTicketService

LIST, DETAIL, CREATE, UPDATE = "page:list", "page:detail", "form:create", "form:update"


def html(response):
    return response.content.decode()


class TestCreate:
    @pytest.fixture
    def submit(self, client_of, reporter, url_of, ticket_data):
        client = client_of(reporter)
        return lambda **changes: client.post(
            url_of(CREATE),
            {key: value for key, value in {**ticket_data, **changes}.items() if value is not None},
        )

    def test_creates_a_ticket_with_a_message_that_links_to_it(
        self, client_of, reporter, url_of, ticket_data, manager
    ):
        client = client_of(reporter)
        response = client.post(url_of(CREATE), ticket_data)
        ticket = HelpDeskTicket.objects.get()
        assert response["Location"] == url_of(LIST)
        assert (ticket.created_by, ticket.purpose, ticket.priority) == (reporter, "app", "high")
        assert ticket.status == "read"
        assert Notification.objects.filter(recipient=manager).exists()
        page = html(client.get(url_of(LIST)))
        assert f'<a href="{url_of(DETAIL, ticket)}">Ticket #{ticket.pk}</a> created.' in page

    def test_creator_and_status_cannot_be_submitted(self, submit, reporter, manager):
        submit(status="done", created_by=str(manager.pk), is_deleted="1")
        ticket = HelpDeskTicket.objects.get()
        assert (ticket.created_by, ticket.status, ticket.is_deleted) == (reporter, "read", False)

    @pytest.mark.parametrize("field", ["purpose", "priority", "description"])
    @pytest.mark.parametrize("value", [None, "", "   "])
    def test_missing_value_is_an_error_of_its_field(self, submit, ticket_data, field, value):
        response = submit(**{field: value})
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {field}
        assert HelpDeskTicket.objects.count() == 0
        kept = {**ticket_data, field: value or ""}
        if field != "description":
            assert kept["description"] in html(response)
        assert 'id="help-desk-errors" tabindex="-1" autofocus' in html(response)

    @pytest.mark.parametrize("field", ["purpose", "priority"])
    @pytest.mark.parametrize("value", ["nope", "\x00", "😀", "x" * 10_000, "\ufffd"])
    def test_unknown_choice_is_an_error(self, submit, ticket_data, field, value):
        response = submit(**{field: value})
        assert set(response.context["form"].errors) == {field}
        assert ticket_data["description"] in html(response)

    def test_errors_link_to_their_fields(self, submit):
        page = html(submit(purpose="", description=""))
        assert 'href="#id_purpose_0"' in page
        assert 'id="id_purpose_0"' in page
        assert 'href="#id_description"' in page
        assert 'aria-describedby="id_description_helptext id_description_error"' in page or (
            'aria-describedby="id_description_error id_description_helptext"' in page
        )
        assert 'id="id_description_error"' in page
        assert "<title>Error: New ticket" in page

    def test_cancel_link_leads_to_the_list_if_the_user_can_view_it(
        self, client_of, make_user, grant, reporter, url_of
    ):
        link = f'href="{url_of(LIST)}">Cancel</a>'
        assert link in html(client_of(reporter).get(url_of(CREATE)))
        creator = grant(make_user(), "add")
        assert "Cancel</a>" not in html(client_of(creator).get(url_of(CREATE)))

    def test_user_who_can_only_create_tickets_gets_a_confirmation_that_they_can_open(
        self, client_of, user_without_permissions, grant, url_of, ticket_data
    ):
        client = client_of(grant(user_without_permissions, "add"))
        response = client.post(url_of(CREATE), ticket_data)
        ticket = HelpDeskTicket.objects.get()
        assert response["Location"] == url_of("page:submitted", ticket)
        response = client.get(response["Location"])
        page = html(response)
        assert response.status_code == 200
        assert f"<h1>Ticket #{ticket.pk} submitted</h1>" in page
        assert f"<title>Ticket #{ticket.pk} submitted – Help Desk</title>" in page
        assert "The help desk staff can see your ticket and will work on it." in page
        assert "You will not be notified of its progress" in page
        assert f'href="{url_of(CREATE)}">Submit another ticket</a>' in page
        assert f'href="{url_of("page:inbox")}">Open your inbox</a>' in page
        assert url_of(LIST) not in page
        assert url_of(DETAIL, ticket) not in page
        assert "created." not in page  # not said twice

    def test_confirmation_links_to_the_ticket_once_its_creator_can_view_it(
        self, client_of, user_without_permissions, own_ticket, url_of, settings
    ):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        page = html(client_of(user_without_permissions).get(url_of("page:submitted", own_ticket)))
        assert "You will be notified of replies and changes" in page
        assert f'href="{url_of(DETAIL, own_ticket)}">View the ticket</a>' in page
        assert "Submit another ticket" not in page

    def test_confirmation_names_mentions_that_were_not_notified(
        self, client_of, user_without_permissions, grant, url_of, ticket_data
    ):
        data = {**ticket_data, "description": "Ask @nobody."}
        client = client_of(grant(user_without_permissions, "add"))
        page = html(client.post(url_of(CREATE), data, follow=True))
        assert "Not notified (no such user, or no access): @nobody" in page

    def test_return_url_takes_precedence_over_the_confirmation(
        self, client_of, user_without_permissions, grant, url_of, ticket_data
    ):
        client = client_of(grant(user_without_permissions, "add"))
        data = {**ticket_data, "return_url": "/intranet/"}
        assert client.post(url_of(CREATE), data)["Location"] == "/intranet/"
        number = HelpDeskTicket.objects.get().pk
        assert f"Ticket #{number} created." in html(client.get(url_of(CREATE)))

    def test_mentions_that_were_not_notified_are_named_on_the_next_page(
        self, client_of, reporter, url_of, ticket_data
    ):
        data = {**ticket_data, "description": "Ask @nobody."}
        page = html(client_of(reporter).post(url_of(CREATE), data, follow=True))
        assert "Not notified (no such user, or no access): @nobody" in page

    def test_null_character_is_an_error_and_the_text_is_kept(self, submit):
        response = submit(description="before\x00after")
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {"description"}
        assert "before" in html(response)
        assert "after" in html(response)

    def test_too_long_text_is_an_error_and_is_kept(self, submit):
        text = "word " * 20_001
        response = submit(description=text)
        assert set(response.context["form"].errors) == {"description"}
        assert text.strip() in html(response)

    @pytest.mark.parametrize(
        "body",
        [
            "description=%ED%A0%80&purpose=app&priority=low",
            "%", "=&=&", "a" * 1000, "description=%FF%FE",
        ],
        ids=lambda body: body[:20],
    )  # fmt: skip
    def test_malformed_body_is_handled(self, client_of, reporter, url_of, body):
        response = client_of(reporter).post(
            url_of(CREATE), body, content_type="application/x-www-form-urlencoded"
        )
        assert response.status_code in {200, 302}

    @pytest.mark.parametrize(
        "kind",
        [
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "application/json",
            "text/plain",
        ],
    )
    def test_other_content_type_is_handled(self, client_of, reporter, url_of, kind):
        response = client_of(reporter).generic(
            "POST", url_of(CREATE), b"--x\r\n{", content_type=kind
        )
        assert response.status_code in {200, 400}

    @pytest.mark.parametrize(
        "text", ["مشكلة \u202e", "😀👩‍👩‍👧", "\u2028a", "<b>&amp;</b>", "{{ x }}{% y %}"]
    )
    def test_text_of_any_script_is_saved_unchanged(self, submit, text):
        assert submit(description=text).status_code == 302
        assert HelpDeskTicket.objects.get().description == text.strip()

    def test_line_endings_are_normalized(self, submit):
        submit(description="a\r\nb\rc\nd")
        assert HelpDeskTicket.objects.get().description == "a\nb\nc\nd"

    def test_service_errors_are_shown_on_their_fields(self, submit, ticket_data):
        error = ValidationError(
            {"description": "Not valid.", "created_by": "Not you.", "__all__": "No."}
        )
        with mock.patch("help_desk.views.form_views.create_ticket", side_effect=error):
            response = submit()
        assert response.status_code == 200
        assert response.context["form"].errors == {
            "description": ["Not valid."],
            "__all__": ["Not you.", "No."],
        }
        assert ticket_data["description"] in html(response)

    def test_service_error_without_field_is_shown(self, submit):
        with mock.patch(
            "help_desk.views.form_views.create_ticket", side_effect=ValidationError("No.")
        ):
            response = submit()
        assert response.context["form"].non_field_errors() == ["No."]
        assert "No." in html(response)

    @pytest.mark.parametrize("with_cookie", [True, False])
    def test_post_without_csrf_token_is_rejected(self, reporter, url_of, ticket_data, with_cookie):
        client = Client(enforce_csrf_checks=True)
        client.force_login(reporter)
        if with_cookie:
            client.get(url_of(CREATE))
        assert client.post(url_of(CREATE), ticket_data).status_code == 403
        assert HelpDeskTicket.objects.count() == 0

    def test_post_with_the_csrf_token_of_the_form_is_accepted(self, reporter, url_of, ticket_data):
        client = Client(enforce_csrf_checks=True)
        client.force_login(reporter)
        token = client.get(url_of(CREATE)).context["csrf_token"]
        response = client.post(url_of(CREATE), {**ticket_data, "csrfmiddlewaretoken": str(token)})
        assert response.status_code == 302
        assert HelpDeskTicket.objects.count() == 1


class TestUpdate:
    @pytest.fixture
    def change(self, client_of, agent, url_of, ticket):
        client = client_of(agent)
        data = {
            "purpose": ticket.purpose,
            "priority": ticket.priority,
            "status": ticket.status,
            "description": ticket.description,
        }
        return lambda **changes: client.post(url_of(UPDATE, ticket), {**data, **changes})

    def test_form_has_the_values_of_the_ticket(self, client_of, agent, ticket, url_of):
        response = client_of(agent).get(url_of(UPDATE, ticket))
        assert ticket.description in html(response)
        assert list(response.context["form"].fields) == [
            "purpose", "priority", "status", "description",
        ]  # fmt: skip

    def test_changes_are_recorded_with_their_actor(self, change, ticket, agent, url_of, reporter):
        response = change(status="prog", priority="urge")
        assert response["Location"] == url_of(LIST)
        ticket.refresh_from_db()
        assert (ticket.status, ticket.priority, ticket.created_by) == ("prog", "urge", reporter)
        event = ticket.events.last()
        assert event.actor == agent
        assert event.changes == {"status": ["read", "prog"], "priority": ["med", "urge"]}

    def test_message_on_the_list_links_to_the_ticket(
        self, client_of, agent, ticket, url_of, change
    ):
        change(status="done")
        client = client_of(agent)
        response = client.post(
            url_of(UPDATE, ticket),
            {"purpose": "app", "priority": "low", "status": "done", "description": "x"},
            follow=True,
        )
        link = f'<a href="{url_of(DETAIL, ticket)}">Ticket #{ticket.pk}</a> saved.'
        assert link in html(response)

    def test_saving_without_changes_records_no_event(self, change, ticket):
        change()
        assert ticket.events.count() == 1

    @pytest.mark.parametrize("stored", ["a\r\nb", "a\nb", "  a\nb \n", "a\rb"])
    def test_line_endings_and_outer_whitespace_are_no_change(
        self, make_ticket, client_of, agent, url_of, stored
    ):
        ticket = make_ticket(description=stored)
        client_of(agent).post(
            url_of(UPDATE, ticket),
            {
                "purpose": ticket.purpose,
                "priority": ticket.priority,
                "status": "done",
                "description": stored.replace("\r\n", "\n")
                .replace("\r", "\n")
                .replace("\n", "\r\n"),
            },
        )
        ticket.refresh_from_db()
        assert ticket.description == stored
        assert ticket.events.last().changes == {"status": ["read", "done"]}

    @pytest.mark.parametrize(
        "invalid",
        [
            {"status": "nope"},
            {"purpose": ""},
            {"priority": "\x00"},
            {"description": "x" * 100_001},
            {"description": "\x00"},
        ],
        ids=["status", "purpose", "priority", "long-description", "null-description"],
    )  # fmt: skip
    def test_invalid_value_changes_nothing_and_is_kept(self, change, ticket, invalid):
        response = change(**{"description": "Newly typed", **invalid})
        assert response.status_code == 200
        assert set(response.context["form"].errors) == set(invalid)
        assert ticket.events.count() == 1
        kept = "Newly typed" if "description" not in invalid else invalid["description"][-1]
        assert kept in html(response)

    def test_service_error_is_shown_on_its_field(self, change):
        error = ValidationError({"status": "Not yet."})
        with mock.patch.object(HelpDeskTicketService, "update", side_effect=error):
            response = change(status="done")
        assert response.context["form"].errors == {"status": ["Not yet."]}

    def test_user_who_cannot_view_tickets_is_not_redirected_to_them(
        self, client_of, user_without_permissions, grant, ticket, url_of
    ):
        response = client_of(grant(user_without_permissions, "change")).post(
            url_of(UPDATE, ticket),
            {"purpose": "app", "priority": "low", "status": "done", "description": "x"},
            follow=True,
        )
        assert response.status_code == 200
        assert f"Ticket #{ticket.pk} saved." in html(response)


class TestReturnUrl:
    """Where the forms redirect to: the page and filters that the user came from."""

    def test_new_ticket_link_on_a_filtered_list_returns_to_it(
        self, client_of, reporter, url_of, ticket_data
    ):
        client = client_of(reporter)
        page = html(client.get(url_of(LIST), {"q": "a&b", "other": "x"}))
        link = f"{url_of(CREATE)}?return_url={quote(url_of(LIST), safe='')}%3Fq%3Da%2526b"
        assert f'href="{link}"' in page
        assert f'href="{url_of(LIST)}?q=a%26b">Cancel</a>' in html(client.get(link))
        assert client.post(link, ticket_data)["Location"] == f"{url_of(LIST)}?q=a%26b"

    def test_update_form_returns_to_it(self, client_of, agent, ticket, url_of):
        url = f"{url_of(UPDATE, ticket)}?return_url={quote('/list/?page=2')}"
        client = client_of(agent)
        assert 'href="/list/?page=2">Cancel</a>' in html(client.get(url))
        data = {"purpose": "app", "priority": "low", "status": "done", "description": "x"}
        assert client.post(url, data)["Location"] == "/list/?page=2"

    def test_url_of_another_site_is_ignored(self, client_of, reporter, url_of, ticket_data):
        data = {**ticket_data, "return_url": "//evil.example.com/"}
        assert client_of(reporter).post(url_of(CREATE), data)["Location"] == url_of(LIST)


def test_query_string_does_not_fill_the_form(client_of, reporter, url_of):
    url = f"{url_of(CREATE)}?description={quote('<script>')}"
    assert "<script" not in html(client_of(reporter).get(url))
