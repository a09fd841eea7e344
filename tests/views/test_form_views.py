"""Filing and changing tickets."""

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
    def file(self, client_of, reporter, url_of, words):
        client = client_of(reporter)
        return lambda **changes: client.post(
            url_of(CREATE),
            {key: value for key, value in {**words, **changes}.items() if value is not None},
        )

    def test_files_a_ticket_and_says_so_with_a_link(
        self, client_of, reporter, url_of, words, manager
    ):
        client = client_of(reporter)
        response = client.post(url_of(CREATE), words)
        ticket = HelpDeskTicket.objects.get()
        assert response["Location"] == url_of(LIST)
        assert (ticket.created_by, ticket.purpose, ticket.priority) == (reporter, "app", "high")
        assert ticket.status == "read"
        assert Notification.objects.filter(recipient=manager).exists()
        page = html(client.get(url_of(LIST)))
        assert f'<a href="{url_of(DETAIL, ticket)}">Ticket #{ticket.pk}</a> was filed.' in page

    def test_creator_and_status_cannot_be_chosen(self, file, reporter, manager):
        file(status="done", created_by=str(manager.pk), is_deleted="1")
        ticket = HelpDeskTicket.objects.get()
        assert (ticket.created_by, ticket.status, ticket.is_deleted) == (reporter, "read", False)

    @pytest.mark.parametrize("field", ["purpose", "priority", "description"])
    @pytest.mark.parametrize("value", [None, "", "   "])
    def test_what_is_missing_is_named(self, file, words, field, value):
        response = file(**{field: value})
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {field}
        assert HelpDeskTicket.objects.count() == 0
        kept = {**words, field: value or ""}
        if field != "description":
            assert kept["description"] in html(response)
        assert 'id="help-desk-errors" tabindex="-1" autofocus' in html(response)

    @pytest.mark.parametrize("field", ["purpose", "priority"])
    @pytest.mark.parametrize("value", ["nope", "\x00", "😀", "x" * 10_000, "\ufffd"])
    def test_unknown_choices_are_errors(self, file, words, field, value):
        response = file(**{field: value})
        assert set(response.context["form"].errors) == {field}
        assert words["description"] in html(response)

    def test_errors_lead_to_their_fields(self, file):
        page = html(file(purpose="", description=""))
        assert 'href="#id_purpose_0"' in page
        assert 'id="id_purpose_0"' in page
        assert 'href="#id_description"' in page
        assert 'aria-describedby="id_description_helptext id_description_error"' in page or (
            'aria-describedby="id_description_error id_description_helptext"' in page
        )
        assert 'id="id_description_error"' in page
        assert "<title>Error: New ticket" in page

    def test_can_be_left_for_the_list(self, client_of, make_user, grant, reporter, url_of):
        link = f'href="{url_of(LIST)}">Cancel</a>'
        assert link in html(client_of(reporter).get(url_of(CREATE)))
        files_only = grant(make_user(), "add")
        assert "Cancel</a>" not in html(client_of(files_only).get(url_of(CREATE)))

    def test_names_that_reach_nobody_are_said_on_the_next_page(
        self, client_of, reporter, url_of, words
    ):
        data = {**words, "description": "Ask @nobody."}
        page = html(client_of(reporter).post(url_of(CREATE), data, follow=True))
        assert "may not read this: @nobody" in page

    def test_null_characters_are_an_error_and_the_text_is_kept(self, file):
        response = file(description="before\x00after")
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {"description"}
        assert "before" in html(response)
        assert "after" in html(response)

    def test_over_long_text_is_an_error_and_is_kept(self, file):
        text = "word " * 20_001
        response = file(description=text)
        assert set(response.context["form"].errors) == {"description"}
        assert text.strip() in html(response)

    def test_ten_megabytes_are_refused_with_advice(self, file):
        response = file(description="x" * 10_000_000)
        assert response.status_code == 413
        assert "Your text is still in your browser" in html(response)
        assert HelpDeskTicket.objects.count() == 0

    def test_ten_megabytes_as_a_plain_form(self, client_of, reporter, url_of):
        response = client_of(reporter).post(
            url_of(CREATE),
            "description=" + "x" * 10_000_000,
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code == 413

    def test_ten_megabytes_from_who_may_not_file(
        self, client, client_of, user_without_permissions, url_of
    ):
        data = {"description": "x" * 10_000_000}
        assert client.post(url_of(CREATE), data).status_code == 302
        assert client_of(user_without_permissions).post(url_of(CREATE), data).status_code == 403

    @pytest.mark.parametrize(
        "body",
        [
            "description=%ED%A0%80&purpose=app&priority=low",
            "%", "=&=&", "a" * 1000, "description=%FF%FE",
        ],
        ids=lambda body: body[:20],
    )  # fmt: skip
    def test_odd_bodies(self, client_of, reporter, url_of, body):
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
    def test_odd_kinds_of_body(self, client_of, reporter, url_of, kind):
        response = client_of(reporter).generic(
            "POST", url_of(CREATE), b"--x\r\n{", content_type=kind
        )
        assert response.status_code in {200, 400}

    @pytest.mark.parametrize(
        "text", ["مشكلة \u202e", "😀👩‍👩‍👧", "\u2028a", "<b>&amp;</b>", "{{ x }}{% y %}"]
    )
    def test_any_writing_is_kept_as_it_was(self, file, text):
        assert file(description=text).status_code == 302
        assert HelpDeskTicket.objects.get().description == text.strip()

    def test_line_ends_of_browsers_are_tidied(self, file):
        file(description="a\r\nb\rc\nd")
        assert HelpDeskTicket.objects.get().description == "a\nb\nc\nd"

    def test_what_the_service_refuses_is_shown(self, file, words):
        error = ValidationError(
            {"description": "Not so.", "created_by": "Nor you.", "__all__": "No."}
        )
        with mock.patch.object(HelpDeskTicketService, "create", side_effect=error):
            response = file()
        assert response.status_code == 200
        assert response.context["form"].errors == {
            "description": ["Not so."],
            "__all__": ["Nor you.", "No."],
        }
        assert words["description"] in html(response)

    def test_what_the_service_refuses_as_a_whole_is_shown(self, file):
        with mock.patch.object(HelpDeskTicketService, "create", side_effect=ValidationError("No.")):
            response = file()
        assert response.context["form"].non_field_errors() == ["No."]
        assert "No." in html(response)

    def test_who_may_only_file_comes_back_to_the_form(
        self, client_of, user_without_permissions, grant, url_of, words
    ):
        response = client_of(grant(user_without_permissions, "add")).post(
            url_of(CREATE), words, follow=True
        )
        assert response.status_code == 200
        assert response.redirect_chain == [(url_of(CREATE), 302)]
        assert f"Ticket #{HelpDeskTicket.objects.get().pk} was filed." in html(response)
        assert "/detail/" not in html(response)

    @pytest.mark.parametrize("with_cookie", [True, False])
    def test_posts_without_a_token_are_refused(self, reporter, url_of, words, with_cookie):
        client = Client(enforce_csrf_checks=True)
        client.force_login(reporter)
        if with_cookie:
            client.get(url_of(CREATE))
        assert client.post(url_of(CREATE), words).status_code == 403
        assert HelpDeskTicket.objects.count() == 0

    def test_posts_with_the_token_of_the_form_are_taken(self, reporter, url_of, words):
        client = Client(enforce_csrf_checks=True)
        client.force_login(reporter)
        token = client.get(url_of(CREATE)).context["csrf_token"]
        response = client.post(url_of(CREATE), {**words, "csrfmiddlewaretoken": str(token)})
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

    def test_the_form_says_what_the_ticket_says(self, client_of, agent, ticket, url_of):
        response = client_of(agent).get(url_of(UPDATE, ticket))
        assert ticket.description in html(response)
        assert list(response.context["form"].fields) == [
            "purpose", "priority", "status", "description",
        ]  # fmt: skip

    def test_changes_leave_history_with_who_did_it(self, change, ticket, agent, url_of, reporter):
        response = change(status="prog", priority="urge")
        assert response["Location"] == url_of(LIST)
        ticket.refresh_from_db()
        assert (ticket.status, ticket.priority, ticket.created_by) == ("prog", "urge", reporter)
        event = ticket.events.last()
        assert event.actor == agent
        assert event.changes == {"status": ["read", "prog"], "priority": ["med", "urge"]}

    def test_the_list_says_what_was_saved(self, client_of, agent, ticket, url_of, change):
        change(status="done")
        client = client_of(agent)
        response = client.post(
            url_of(UPDATE, ticket),
            {"purpose": "app", "priority": "low", "status": "done", "description": "x"},
            follow=True,
        )
        link = f'<a href="{url_of(DETAIL, ticket)}">Ticket #{ticket.pk}</a> was saved.'
        assert link in html(response)

    def test_saving_without_a_change_leaves_no_history(self, change, ticket):
        change()
        assert ticket.events.count() == 1

    @pytest.mark.parametrize("stored", ["a\r\nb", "a\nb", "  a\nb \n", "a\rb"])
    def test_line_ends_and_margins_are_no_change(
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
        "wrong",
        [
            {"status": "nope"},
            {"purpose": ""},
            {"priority": "\x00"},
            {"description": "x" * 100_001},
            {"description": "\x00"},
        ],
        ids=["status", "purpose", "priority", "long-description", "null-description"],
    )  # fmt: skip
    def test_wrong_values_change_nothing_and_are_kept(self, change, ticket, wrong):
        response = change(**{"description": "Newly typed", **wrong})
        assert response.status_code == 200
        assert set(response.context["form"].errors) == set(wrong)
        assert ticket.events.count() == 1
        kept = "Newly typed" if "description" not in wrong else wrong["description"][-1]
        assert kept in html(response)

    def test_what_the_service_refuses_is_shown(self, change):
        error = ValidationError({"status": "Not yet."})
        with mock.patch.object(HelpDeskTicketService, "update", side_effect=error):
            response = change(status="done")
        assert response.context["form"].errors == {"status": ["Not yet."]}

    def test_ten_megabytes_are_refused_with_advice(self, change):
        assert change(description="x" * 10_000_000).status_code == 413

    def test_who_may_not_see_tickets_is_not_sent_to_them(
        self, client_of, user_without_permissions, grant, ticket, url_of
    ):
        response = client_of(grant(user_without_permissions, "change")).post(
            url_of(UPDATE, ticket),
            {"purpose": "app", "priority": "low", "status": "done", "description": "x"},
            follow=True,
        )
        assert response.status_code == 200
        assert f"Ticket #{ticket.pk} was saved." in html(response)


def test_sentences_of_the_query_string_do_not_reach_the_form(client_of, reporter, url_of):
    address = f"{url_of(CREATE)}?description={quote('<script>')}"
    assert "<script" not in html(client_of(reporter).get(address))
