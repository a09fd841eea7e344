"""Replies, notes, corrections, the timeline, and whether one hears of a ticket."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from help_desk.models import HelpDeskTicket, TicketComment, TicketFollower

DETAIL, COMMENT, CORRECT, FOLLOW = "page:detail", "form:comment", "form:comment_edit", "form:follow"


def html(response):
    return response.content.decode()


def entries(response):
    return response.context["history"].entries


@pytest.fixture
def reply(client_of, ticket, url_of):
    """Posts the form at the end of the ticket: `reply(agent, text="…", status="done")`."""
    return lambda user, **data: client_of(user).post(url_of(COMMENT, ticket), data)


class TestReplying:
    def test_a_reply_is_on_the_page(self, reply, client_of, reporter, agent, ticket, url_of):
        response = reply(reporter, text="It happened <b>again</b>.\r\nToday.")
        comment = TicketComment.objects.get()
        place = f"#help-desk-comment-{comment.pk}"
        assert response["Location"] == url_of(DETAIL, ticket) + place
        assert (comment.author, comment.is_internal) == (reporter, False)
        page = html(client_of(agent).get(url_of(DETAIL, ticket)))
        assert "It happened &lt;b&gt;again&lt;/b&gt;.<br>Today." in page
        assert f'id="{place[1:]}"' in page

    def test_who_may_not_change_is_asked_for_words_only(self, client_of, reporter, ticket, url_of):
        form = client_of(reporter).get(url_of(DETAIL, ticket)).context["reply"]
        assert list(form.fields) == ["text"]

    def test_who_may_change_chooses_readers_and_status(self, client_of, agent, ticket, url_of):
        page = client_of(agent).get(url_of(DETAIL, ticket))
        assert list(page.context["reply"].fields) == ["text", "audience", "status"]
        assert 'value="public" id="id_audience_0" checked' in html(page)

    def test_a_note_is_a_note(self, reply, agent):
        reply(agent, text="The cable.", audience="internal")
        assert TicketComment.objects.get().is_internal

    def test_a_reply_sets_the_status_in_the_same_post(self, reply, agent, ticket):
        reply(agent, text="Works again.", audience="public", status="done")
        ticket.refresh_from_db()
        assert ticket.status == "done"
        assert ticket.events.last().changes == {
            "text": [None, "Works again."],
            "status": ["read", "done"],
        }

    @pytest.mark.parametrize("more", [{"audience": "internal"}, {"status": "done"}])
    def test_what_one_may_not_do_is_refused_as_a_whole(self, reply, reporter, ticket, more):
        """An account that loses the permission while it writes a note must not publish it."""
        response = reply(reporter, text="Not for everybody", **more)
        assert response.status_code == 200
        assert "Nothing was sent" in html(response)
        assert "Not for everybody</textarea>" in html(response)
        assert TicketComment.objects.count() == 0
        assert HelpDeskTicket.objects.get().status == "read"

    @pytest.mark.parametrize(
        "bad",
        [
            {"text": ""}, {"text": " \n "}, {"text": "a\x00b"}, {"text": "x" * 100_001},
            {"audience": "all"}, {"status": "nope"}, {"status": "\x00"},
        ],
        ids=lambda bad: ascii(bad)[:30],
    )  # fmt: skip
    def test_nothing_typed_is_lost(self, reply, agent, bad):
        sent = {"text": "Kept words", "audience": "internal", "status": "prog", **bad}
        response = reply(agent, **sent)
        assert response.status_code == 200
        assert TicketComment.objects.count() == 0
        page = html(response)
        assert 'id="help-desk-errors" tabindex="-1" autofocus' in page
        assert "<title>Error:" in page
        if "text" not in bad:
            assert "Kept words</textarea>" in page
        if "audience" not in bad:
            assert 'value="internal" id="id_audience_1" checked' in page.replace(
                'required id="', 'id="'
            )
        if "status" not in bad:
            assert '<option value="prog" selected>' in page

    def test_half_a_character_is_an_error(self, client_of, agent, ticket, url_of):
        response = client_of(agent).post(
            url_of(COMMENT, ticket),
            "text=%ED%A0%80",
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code in {200, 302}

    def test_ten_megabytes_are_refused_with_advice(self, reply, agent):
        response = reply(agent, text="x" * 10_000_000)
        assert response.status_code == 413
        assert "Your text is still in your browser" in html(response)

    def test_sending_twice_says_it_once(self, reply, agent, ticket):
        version = ticket.services.version
        for _time in range(2):
            response = reply(agent, text="Hello", version=version)
            assert response.status_code == 302
        assert TicketComment.objects.count() == 1

    def test_sending_twice_with_a_status_says_it_once(self, reply, agent, ticket):
        version = ticket.services.version
        for _time in range(2):
            response = reply(agent, text="Fixed.", status="done", version=version)
            assert response.status_code == 302
        assert TicketComment.objects.count() == 1

    def test_status_that_is_chosen_on_the_way_back_is_set(self, reply, agent, ticket):
        version = ticket.services.version
        for status in ("", "done"):
            reply(agent, text="Fixed.", status=status, version=version)
        ticket.refresh_from_db()
        assert (ticket.status, TicketComment.objects.count()) == ("done", 1)

    def test_a_status_set_meanwhile_is_not_overwritten(
        self, reply, client_of, agent, manager, ticket, url_of
    ):
        drawn = client_of(agent).get(url_of(DETAIL, ticket)).context["version"]
        ticket.services.complete(manager)
        response = reply(agent, text="On it.", status="prog", version=drawn)
        assert response.status_code == 200
        assert "Somebody else has set it to “Done” meanwhile" in html(response)
        assert "On it.</textarea>" in html(response)
        assert HelpDeskTicket.objects.get().status == "done"
        assert TicketComment.objects.count() == 0
        drawn = response.context["version"]
        assert reply(agent, text="On it.", status="prog", version=drawn).status_code == 302
        assert HelpDeskTicket.objects.get().status == "prog"

    @pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 20, "9" * 5000, "\x00", "٣"])
    def test_odd_versions(self, reply, agent, version):
        assert reply(agent, text="Hello", version=version).status_code == 302
        assert TicketComment.objects.count() == 1

    def test_names_whom_a_mention_did_not_reach(
        self, reply, client_of, agent, manager, user_without_permissions, ticket, url_of
    ):
        names = manager.get_username(), user_without_permissions.get_username()
        response = reply(agent, text=f"@{names[0]} @{names[1]} @<b>nobody")
        assert response["Location"] == url_of(DETAIL, ticket)
        texts = [str(message) for message in get_messages(response.wsgi_request)]
        assert texts[-1].endswith(f": @{names[1]}")

    def test_creators_reply_where_they_see_their_tickets(
        self, client_of, user_without_permissions, own_ticket, url_of, settings
    ):
        client = client_of(user_without_permissions)
        assert client.post(url_of(COMMENT, own_ticket), {"text": "Hello"}).status_code == 403
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        assert client.post(url_of(COMMENT, own_ticket), {"text": "Hello"}).status_code == 302
        assert own_ticket.comments.get().author == user_without_permissions

    def test_nobody_replies_to_what_they_may_not_see(
        self, client_of, user_without_permissions, ticket, url_of, settings
    ):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        response = client_of(user_without_permissions).post(
            url_of(COMMENT, ticket), {"text": "Hello"}
        )
        assert response.status_code == 403
        assert TicketComment.objects.count() == 0

    def test_deleted_tickets_are_not_found(self, reply, agent, ticket):
        ticket.set_deleted()
        response = reply(agent, text="Hello")
        assert response.status_code == 404
        assert f"Ticket #{ticket.pk} was deleted meanwhile." in html(response)

    def test_whose_ticket_was_deleted_is_not_told_to_others(
        self, reply, ticket, user_without_permissions, settings
    ):
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        ticket.set_deleted()
        assert "was deleted" not in html(reply(user_without_permissions, text="Hello"))

    def test_whoever_signed_in_first_comes_back_to_the_form(self, client_of, agent, ticket, url_of):
        response = client_of(agent).get(url_of(COMMENT, ticket))
        assert response["Location"] == url_of(DETAIL, ticket) + "#help-desk-reply"


class TestTimeline:
    @pytest.fixture
    def talk(self, ticket, agent, reporter):
        """A reply, a note, its correction, a change with a note, and an answer."""
        ticket.services.comment(agent, "Which floor?")
        note = ticket.services.comment(agent, "He always asks.", internal=True)
        ticket.services.edit_comment(note, agent, "She always asks.")
        ticket.services.comment(agent, "Doing it now.", internal=True, status="prog")
        ticket.services.comment(reporter, "The third.")

    def test_words_and_changes_are_in_one_order(self, talk, client_of, agent, ticket, url_of):
        response = client_of(agent).get(url_of(DETAIL, ticket))
        told = [(entry.kind, entry.is_internal) for entry in entries(response)]
        assert told == [
            ("new", False), ("comment", False), ("comment", True), ("update", True),
            ("update", False), ("comment", True), ("comment", False),
        ]  # fmt: skip
        assert entries(response)[4].changes[0].new == "In Progress"

    def test_notes_and_their_corrections_are_for_insiders(
        self, talk, client_of, reporter, ticket, url_of
    ):
        response = client_of(reporter).get(url_of(DETAIL, ticket))
        page = html(response)
        for secret in ("always asks", "Doing it now", "nternal note"):
            assert secret not in page
        assert "Which floor?" in page
        kinds = [entry.kind for entry in entries(response)]
        assert kinds == ["new", "comment", "update", "comment"]

    def test_notes_are_marked(self, talk, client_of, agent, ticket, url_of):
        assert "Seen only by those who work on tickets." in html(
            client_of(agent).get(url_of(DETAIL, ticket))
        )

    def test_long_timelines_page_without_the_notes_of_others(
        self, client_of, agent, reporter, ticket, url_of
    ):
        for number in range(60):
            ticket.services.comment(agent, f"Number {number}", internal=number % 2 == 0)
        response = client_of(reporter).get(url_of(DETAIL, ticket))
        assert len(entries(response)) == 31
        assert response.context["history"].older_before is None
        latest = client_of(agent).get(url_of(DETAIL, ticket)).context["history"]
        assert (len(latest.entries), latest.entries[-1].comment.text) == (50, "Number 59")
        older = client_of(agent).get(url_of(DETAIL, ticket), {"before": latest.older_before})
        assert [entry.kind for entry in entries(older)] == ["new"] + ["comment"] * 10

    def test_moments_are_absolute(self, talk, client_of, agent, ticket, url_of):
        page = html(client_of(agent).get(url_of(DETAIL, ticket)))
        moment = ticket.events.last().created_datetime
        if timezone.is_aware(moment):
            moment = timezone.localtime(moment)
        assert f'<time datetime="{moment.isoformat()}">' in page

    def test_names_people_whom_changes_name(self, client_of, agent, manager, ticket, url_of):
        ticket.services.assign(agent, manager)
        ticket.services.assign(None, manager)
        taken, released = entries(client_of(agent).get(url_of(DETAIL, ticket)))[1:]
        name = agent.get_username()
        assert [(change.old, change.new) for change in taken.changes] == [("nobody", name)]
        assert [(change.old, change.new) for change in released.changes] == [(name, "nobody")]

    def test_the_number_of_queries_depends_on_nothing(
        self, client_of, agent, manager, ticket, make_user, grant, url_of, capture_queries
    ):
        client = client_of(agent)
        counts = []
        for number in (1, 30):
            for _time in range(number):
                person = grant(make_user(), "view", "change")
                ticket.services.assign(person, manager)
                ticket.services.comment(person, "Hello")
            client.get(url_of(DETAIL, ticket))
            with capture_queries() as queries:
                client.get(url_of(DETAIL, ticket))
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert counts[0] <= 10


class TestCorrecting:
    @pytest.fixture
    def comment(self, ticket, reporter):
        return ticket.services.comment(reporter, "The thrid floor.")

    @pytest.fixture
    def correct(self, client_of, comment, url_of):
        return lambda user, text="The third floor.": client_of(user).post(
            url_of(CORRECT, comment), {"text": text}
        )

    def test_the_author_corrects(self, correct, client_of, comment, reporter, ticket, url_of):
        page = client_of(reporter).get(url_of(DETAIL, ticket))
        assert url_of(CORRECT, comment) in html(page)
        assert "The thrid floor.</textarea>" in html(
            client_of(reporter).get(url_of(CORRECT, comment))
        )
        response = correct(reporter)
        assert response["Location"].endswith(f"#help-desk-comment-{comment.pk}")
        assert [str(m) for m in get_messages(response.wsgi_request)] == [
            "Your correction was saved."
        ]
        page = html(client_of(reporter).get(url_of(DETAIL, ticket)))
        assert "The third floor." in page
        assert ">corrected</span>" in page
        assert "The thrid floor." in page.split("<details")[1]

    @pytest.mark.parametrize("bad", ["", " ", "a\x00", "x" * 100_001], ids=lambda text: text[:3])
    def test_nothing_typed_is_lost(self, correct, comment, reporter, bad):
        response = correct(reporter, bad)
        assert response.status_code == 200
        assert "<title>Error:" in html(response)
        comment.refresh_from_db()
        assert comment.text == "The thrid floor."

    def test_nobody_else_corrects(self, correct, client_of, manager, comment, ticket, url_of):
        assert correct(manager).status_code == 404
        assert client_of(manager).get(url_of(CORRECT, comment)).status_code == 404
        assert url_of(CORRECT, comment) not in html(client_of(manager).get(url_of(DETAIL, ticket)))

    def test_too_late_says_so_and_keeps_the_words(
        self, correct, client_of, comment, reporter, ticket, url_of
    ):
        written = timezone.now() - timedelta(hours=1)
        TicketComment.objects.filter(pk=comment.pk).update(created_datetime=written)
        response = correct(reporter)
        assert response.status_code == 200
        assert "The time for corrections is over." in html(response)
        assert "The third floor.</textarea>" in html(response)
        response = client_of(reporter).get(url_of(CORRECT, comment), follow=True)
        assert "The time for corrections is over." in html(response)
        assert url_of(CORRECT, comment) not in html(response)

    def test_notes_that_one_may_no_longer_read_are_gone(self, client_of, reporter, ticket, url_of):
        note = TicketComment.objects.create(
            ticket=ticket, author=reporter, text="Secret", is_internal=True
        )
        assert client_of(reporter).get(url_of(CORRECT, note)).status_code == 404

    def test_what_is_not_seen_is_not_corrected(
        self, client_of, user_without_permissions, ticket, url_of, settings
    ):
        own = TicketComment.objects.create(
            ticket=ticket, author=user_without_permissions, text="Mine"
        )
        assert client_of(user_without_permissions).get(url_of(CORRECT, own)).status_code == 403
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        assert client_of(user_without_permissions).get(url_of(CORRECT, own)).status_code == 404
        ticket.set_deleted()
        assert (
            client_of(user_without_permissions)
            .post(url_of(CORRECT, own), {"text": "x"})
            .status_code
            == 404
        )

    @pytest.mark.parametrize("pk", ["0", "9" * 20, "9" * 5000])
    def test_numbers_of_no_comment(self, client_of, reporter, pk):
        url = f"/help_desk/form/comment/{pk}/edit/"
        assert client_of(reporter).get(url).status_code == 404

    def test_ten_megabytes_are_refused_with_advice(self, correct, reporter):
        assert correct(reporter, "x" * 10_000_000).status_code == 413


class TestFollowing:
    @pytest.fixture
    def wish(self, client_of, ticket, url_of):
        return lambda user, **data: client_of(user).post(url_of(FOLLOW, ticket), data)

    def test_follow_mute_and_follow_again(self, wish, client_of, agent, ticket, url_of):
        def page():
            return html(client_of(agent).get(url_of(DETAIL, ticket)))

        assert "You do not follow this ticket." in page()
        assert wish(agent, wish="follow")["Location"] == url_of(DETAIL, ticket)
        assert "You are told of what happens to it." in page()
        wish(agent, wish="mute")
        assert "You have muted this ticket." in page()
        assert TicketFollower.objects.get().is_muted
        wish(agent, wish="follow")
        assert not TicketFollower.objects.get().is_muted

    def test_whoever_filed_it_is_told_without_a_wish(self, client_of, reporter, ticket, url_of):
        assert "You are told" in html(client_of(reporter).get(url_of(DETAIL, ticket)))

    @pytest.mark.parametrize("wished", [None, "", "nope", "\x00"])
    def test_other_wishes_are_none(self, wish, agent, wished):
        data = {} if wished is None else {"wish": wished}
        assert wish(agent, **data).status_code == 302
        assert TicketFollower.objects.count() == 0

    def test_the_way_back_stays_within_the_site(self, wish, agent, ticket, url_of):
        back = reverse("django_spire:help_desk:page:preferences")
        assert wish(agent, wish="mute", return_url=back)["Location"] == back
        away = wish(agent, wish="mute", return_url="https://evil.example.com/")
        assert away["Location"] == url_of(DETAIL, ticket)

    def test_only_of_tickets_that_one_may_see(self, wish, user_without_permissions, settings):
        assert wish(user_without_permissions, wish="follow").status_code == 403
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
        assert wish(user_without_permissions, wish="follow").status_code == 403
        assert TicketFollower.objects.count() == 0

    def test_getting_changes_nothing(self, client_of, agent, ticket, url_of):
        response = client_of(agent).get(url_of(FOLLOW, ticket), {"wish": "mute"})
        assert response["Location"] == url_of(DETAIL, ticket)
        assert TicketFollower.objects.count() == 0
