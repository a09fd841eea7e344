"""Adding and editing replies and internal notes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from help_desk.models import HelpDeskTicket, TicketComment

DETAIL, COMMENT, EDIT = "page:detail", "form:comment", "form:comment_edit"


def html(response):
    return response.content.decode()


def message_texts(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def reply(client_of, ticket, url_of):
    """Posts the reply form: `reply(agent, text="…", status="done")`."""
    return lambda user, **data: client_of(user).post(url_of(COMMENT, ticket), data)


def test_message_names_few_unreached_mentions(reply, agent):
    names = [f"{number}{'é' * 250}" for number in range(60)]
    response = reply(agent, text=" ".join(f"@{name}" for name in names))
    (text,) = [text for text in message_texts(response) if text.startswith("Not notified")]
    assert f"@{names[0][:49]}…, @{names[1][:49]}…" in text
    assert text.count("@") == 10
    assert text.endswith(" and 40 more")
    assert len(text) < 1000


class TestReply:
    def test_reply_is_shown_on_the_page(self, reply, client_of, reporter, agent, ticket, url_of):
        response = reply(reporter, text="It happened <b>again</b>.\r\nToday.")
        comment = TicketComment.objects.get()
        fragment = f"#help-desk-comment-{comment.pk}"
        assert response["Location"] == url_of(DETAIL, ticket) + fragment
        assert message_texts(response) == ["Reply sent."]
        assert (comment.author, comment.is_internal) == (reporter, False)
        page = html(client_of(agent).get(url_of(DETAIL, ticket)))
        assert "It happened &lt;b&gt;again&lt;/b&gt;.<br>Today." in page
        assert f'id="{fragment[1:]}"' in page

    @pytest.mark.parametrize("seconds", [1e20, float("nan"), "900"])
    def test_page_is_shown_although_the_edit_time_is_invalid(
        self, reply, client_of, reporter, ticket, url_of, settings, seconds
    ):
        reply(reporter, text="It happened again.")
        settings.HELP_DESK = {**settings.HELP_DESK, "COMMENT_EDIT_TIME": seconds}
        page = html(client_of(reporter).get(url_of(DETAIL, ticket)))
        assert url_of(EDIT, TicketComment.objects.get()) in page

    def test_form_without_the_change_permission(self, client_of, reporter, ticket, url_of):
        form = client_of(reporter).get(url_of(DETAIL, ticket)).context["reply"]
        assert list(form.fields) == ["text"]

    def test_form_with_the_change_permission(self, client_of, agent, ticket, url_of):
        page = client_of(agent).get(url_of(DETAIL, ticket))
        assert list(page.context["reply"].fields) == ["text", "visibility", "status"]
        assert 'value="public" id="id_visibility_0" checked' in html(page)

    def test_internal_note(self, reply, agent):
        response = reply(agent, text="The cable.", visibility="internal")
        assert TicketComment.objects.get().is_internal
        assert message_texts(response) == ["Note added."]

    def test_text_area_has_the_length_limit_of_the_field(self, client_of, reporter, ticket, url_of):
        assert 'maxlength="100000"' in html(client_of(reporter).get(url_of(DETAIL, ticket)))

    def test_line_endings_of_browsers_do_not_count(self, reply, reporter):
        reply(reporter, text="\r\n".join(["x" * 9] * 10_000))
        assert len(TicketComment.objects.get().text) == 99_999

    def test_reply_with_a_status(self, reply, agent, ticket):
        reply(agent, text="Works again.", visibility="public", status="done")
        ticket.refresh_from_db()
        assert ticket.status == "done"
        assert ticket.events.last().changes == {
            "text": [None, "Works again."],
            "status": ["read", "done"],
        }

    @pytest.mark.parametrize("more", [{"visibility": "internal"}, {"status": "done"}])
    def test_reply_is_rejected_if_the_user_may_not_do_a_part_of_it(
        self, reply, reporter, ticket, more
    ):
        """A user who loses the permission while writing a note must not publish it."""
        response = reply(reporter, text="Not for everyone", **more)
        assert response.status_code == 200
        assert "Nothing was sent" in html(response)
        assert "Not for everyone</textarea>" in html(response)
        assert TicketComment.objects.count() == 0
        assert HelpDeskTicket.objects.get().status == "read"

    @pytest.mark.parametrize(
        "bad",
        [
            {"text": ""}, {"text": " \n "}, {"text": "a\x00b"}, {"text": "x" * 100_001},
            {"visibility": "all"}, {"status": "nope"}, {"status": "\x00"},
        ],
        ids=lambda bad: ascii(bad)[:30],
    )  # fmt: skip
    def test_invalid_form_keeps_what_was_typed(self, reply, agent, bad):
        sent = {"text": "Kept text", "visibility": "internal", "status": "prog", **bad}
        response = reply(agent, **sent)
        assert response.status_code == 200
        assert TicketComment.objects.count() == 0
        page = html(response)
        assert 'id="help-desk-errors" tabindex="-1" autofocus' in page
        assert "<title>Error:" in page
        if "text" not in bad:
            assert "Kept text</textarea>" in page
        if "visibility" not in bad:
            assert 'value="internal" id="id_visibility_1" checked' in page.replace(
                'required id="', 'id="'
            )
        if "status" not in bad:
            assert '<option value="prog" selected>' in page

    def test_lone_surrogate_is_no_server_error(self, client_of, agent, ticket, url_of):
        response = client_of(agent).post(
            url_of(COMMENT, ticket),
            "text=%ED%A0%80",
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code in {200, 302}

    def test_post_over_djangos_limit_is_a_bad_request(self, reply, agent, settings):
        settings.ADMINS = []  # Django emails them about it, with a warning for pairs.
        assert reply(agent, text="x" * 10_000_000).status_code == 400

    def test_reply_sent_twice_is_saved_once(self, reply, agent, ticket):
        version = ticket.services.version
        for _time in range(2):
            response = reply(agent, text="Hello", version=version)
            assert response.status_code == 302
        assert TicketComment.objects.count() == 1

    def test_reply_with_status_sent_twice_is_saved_once(self, reply, agent, ticket):
        version = ticket.services.version
        for _time in range(2):
            response = reply(agent, text="Fixed.", status="done", version=version)
            assert response.status_code == 302
        assert TicketComment.objects.count() == 1

    def test_reply_sent_again_with_a_status_changes_the_status(self, reply, agent, ticket):
        version = ticket.services.version
        for status in ("", "done"):
            reply(agent, text="Fixed.", status=status, version=version)
        ticket.refresh_from_db()
        assert (ticket.status, TicketComment.objects.count()) == ("done", 1)

    def test_status_that_someone_else_changed_is_not_overwritten(
        self, reply, client_of, agent, manager, ticket, url_of
    ):
        version = client_of(agent).get(url_of(DETAIL, ticket)).context["version"]
        ticket.services.complete(manager)
        response = reply(agent, text="On it.", status="prog", version=version)
        assert response.status_code == 200
        assert "Someone else changed the status to “Done”" in html(response)
        assert "On it.</textarea>" in html(response)
        assert HelpDeskTicket.objects.get().status == "done"
        assert TicketComment.objects.count() == 0
        version = response.context["version"]
        assert reply(agent, text="On it.", status="prog", version=version).status_code == 302
        assert HelpDeskTicket.objects.get().status == "prog"

    @pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 20, "9" * 5000, "\x00", "٣"])
    def test_invalid_version_is_ignored(self, reply, agent, version):
        assert reply(agent, text="Hello", version=version).status_code == 302
        assert TicketComment.objects.count() == 1

    def test_warns_of_mentions_that_reached_no_one(
        self, reply, client_of, agent, manager, user_without_permissions, ticket, url_of
    ):
        names = manager.get_username(), user_without_permissions.get_username()
        response = reply(agent, text=f"@{names[0]} @{names[1]} @<b>nobody")
        assert response["Location"] == url_of(DETAIL, ticket)
        assert message_texts(response)[-1] == (
            f"Not notified (no such user, or no access): @{names[1]}"
        )

    def test_creator_may_reply_if_creators_see_their_tickets(
        self, client_of, user_without_permissions, own_ticket, url_of, settings
    ):
        client = client_of(user_without_permissions)
        assert client.post(url_of(COMMENT, own_ticket), {"text": "Hello"}).status_code == 403
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        assert client.post(url_of(COMMENT, own_ticket), {"text": "Hello"}).status_code == 302
        assert own_ticket.comments.get().author == user_without_permissions

    def test_reply_needs_access_to_the_ticket(
        self, client_of, user_without_permissions, ticket, url_of, settings
    ):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        response = client_of(user_without_permissions).post(
            url_of(COMMENT, ticket), {"text": "Hello"}
        )
        assert response.status_code == 403
        assert TicketComment.objects.count() == 0

    def test_reply_to_a_deleted_ticket_is_explained(self, reply, agent, ticket):
        ticket.set_deleted()
        response = reply(agent, text="Hello")
        assert response.status_code == 404
        assert f"Ticket #{ticket.pk} was deleted while you were editing." in html(response)

    def test_deletion_is_hidden_from_users_who_could_not_see_the_ticket(
        self, reply, ticket, user_without_permissions, settings
    ):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        ticket.set_deleted()
        assert "was deleted" not in html(reply(user_without_permissions, text="Hello"))

    def test_get_redirects_to_the_form(self, client_of, agent, ticket, url_of):
        response = client_of(agent).get(url_of(COMMENT, ticket))
        assert response["Location"] == url_of(DETAIL, ticket) + "#help-desk-reply"


class TestEdit:
    @pytest.fixture
    def comment(self, ticket, reporter):
        return ticket.services.comment(reporter, "The thrid floor.")

    @pytest.fixture
    def edit(self, client_of, comment, url_of):
        return lambda user, text="The third floor.": client_of(user).post(
            url_of(EDIT, comment), {"text": text}
        )

    def test_author_edits(self, edit, client_of, comment, reporter, ticket, url_of):
        page = client_of(reporter).get(url_of(DETAIL, ticket))
        assert url_of(EDIT, comment) in html(page)
        assert "The thrid floor.</textarea>" in html(client_of(reporter).get(url_of(EDIT, comment)))
        response = edit(reporter)
        assert response["Location"].endswith(f"#help-desk-comment-{comment.pk}")
        assert message_texts(response) == ["Changes saved."]
        page = html(client_of(reporter).get(url_of(DETAIL, ticket)))
        assert "The third floor." in page
        assert ">edited</span>" in page
        assert "The thrid floor." in page.split("<details")[1]

    @pytest.mark.parametrize("bad", ["", " ", "a\x00", "x" * 100_001], ids=lambda text: text[:3])
    def test_invalid_text_is_not_saved(self, edit, comment, reporter, bad):
        response = edit(reporter, bad)
        assert response.status_code == 200
        assert "<title>Error:" in html(response)
        comment.refresh_from_db()
        assert comment.text == "The thrid floor."

    def test_other_users_cannot_edit(self, edit, client_of, manager, comment, ticket, url_of):
        assert edit(manager).status_code == 404
        assert client_of(manager).get(url_of(EDIT, comment)).status_code == 404
        assert url_of(EDIT, comment) not in html(client_of(manager).get(url_of(DETAIL, ticket)))

    def test_late_edit_is_rejected_and_keeps_the_text(
        self, edit, client_of, comment, reporter, ticket, url_of
    ):
        written = timezone.now() - timedelta(hours=1)
        TicketComment.objects.filter(pk=comment.pk).update(created_datetime=written)
        response = edit(reporter)
        assert response.status_code == 200
        assert "This can no longer be edited." in html(response)
        assert "The third floor.</textarea>" in html(response)
        response = client_of(reporter).get(url_of(EDIT, comment), follow=True)
        assert "This can no longer be edited." in html(response)
        assert url_of(EDIT, comment) not in html(response)

    def test_note_is_not_found_if_the_author_cannot_see_notes(
        self, client_of, reporter, ticket, url_of
    ):
        note = TicketComment.objects.create(
            ticket=ticket, author=reporter, text="Secret", is_internal=True
        )
        assert client_of(reporter).get(url_of(EDIT, note)).status_code == 404

    def test_edit_needs_access_to_the_ticket(
        self, client_of, user_without_permissions, ticket, url_of, settings
    ):
        own = TicketComment.objects.create(
            ticket=ticket, author=user_without_permissions, text="Mine"
        )
        assert client_of(user_without_permissions).get(url_of(EDIT, own)).status_code == 403
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        assert client_of(user_without_permissions).get(url_of(EDIT, own)).status_code == 404
        ticket.set_deleted()
        assert (
            client_of(user_without_permissions).post(url_of(EDIT, own), {"text": "x"}).status_code
            == 404
        )

    @pytest.mark.parametrize("pk", ["0", "9" * 20, "9" * 5000])
    def test_unknown_comment_is_not_found(self, client_of, reporter, pk):
        url = f"/help_desk/form/comment/{pk}/edit/"
        assert client_of(reporter).get(url).status_code == 404
