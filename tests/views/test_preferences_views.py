"""What one is told of: by the page, and by a mail's link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from help_desk.content import unsubscribe
from help_desk.content.unsubscribe import Scope, Unsubscription
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    Notification,
    NotificationPreference,
    TicketFollower,
)

PREFERENCES, FOLLOW = "page:preferences", "form:follow"


def html(response):
    return response.content.decode()


class TestPreferences:
    @pytest.fixture
    def page(self, client_of, reporter, url_of):
        return client_of(reporter).get(url_of(PREFERENCES))

    @pytest.fixture
    def keep(self, client_of, reporter, url_of):
        """Posts the form as the page draws it, with changes; None takes a tick away."""
        client = client_of(reporter)
        form = client.get(url_of(PREFERENCES)).context["form"]
        drawn = {name: "on" for name in form.fields if form[name].initial and name != "frequency"}

        def post(**changes):
            data = {"frequency": "once", **drawn, **changes}
            sent = {name: value for name, value in data.items() if value is not None}
            return client.post(url_of(PREFERENCES), sent)

        return post

    def test_every_box_has_a_name(self, page):
        for label in ("A reply: In the app", "A mention of me: By e-mail"):
            assert f'<span class="hd-unseen">{label}</span>' in html(page)
        assert '<th scope="row">A reply</th>' in html(page)

    def test_kinds_that_cannot_concern_the_person_are_left_out(
        self, page, client_of, agent, url_of
    ):
        assert "An internal note" not in html(page)
        assert "An internal note" in html(client_of(agent).get(url_of(PREFERENCES)))

    def test_what_only_assignees_get_is_ticked_for_who_may_be_one(
        self, page, client_of, agent, url_of
    ):
        of_agent = client_of(agent).get(url_of(PREFERENCES)).context["form"]
        for form, expected in ((page.context["form"], False), (of_agent, True)):
            assert form["assignment-email"].initial is expected
            assert form["priority-email"].initial is expected

    def test_what_is_kept_decides_who_hears(self, keep, ticket, agent, reporter, url_of):
        response = keep(**{"reply-in_app": None})
        assert response["Location"] == url_of(PREFERENCES)
        wish = NotificationPreference.objects.get()
        assert (wish.kind, wish.channel, wish.enabled) == ("reply", "in_app", False)
        ticket.services.comment(agent, "Hello")
        assert not Notification.objects.filter(recipient=reporter, channel="in_app").exists()

    def test_what_the_rules_say_needs_no_row(self, keep):
        keep(**{"reply-in_app": None})
        keep()
        assert NotificationPreference.objects.count() == 0

    @pytest.mark.parametrize("frequency", ["once", "hour", "day"])
    def test_the_rhythm_is_kept(self, keep, frequency, client_of, reporter, url_of):
        keep(frequency=frequency)
        assert EmailSchedule.objects.get().frequency == frequency
        page = html(client_of(reporter).get(url_of(PREFERENCES)))
        assert f'value="{frequency}"' in page.split("checked", page.count("checked"))[-2][-200:]

    @pytest.mark.parametrize("frequency", [None, "", "nope", "\x00", "x" * 10_000])
    def test_odd_rhythms_are_errors_and_ticks_are_kept(self, keep, frequency):
        response = keep(frequency=frequency, **{"reply-in_app": None})
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {"frequency"}
        assert 'id="help-desk-errors"' in html(response)
        box = response.context["form"]["reply-in_app"]
        assert "checked" not in str(box)
        assert NotificationPreference.objects.count() == 0

    def test_an_empty_post_is_no_wish(self, client_of, reporter, url_of):
        assert client_of(reporter).post(url_of(PREFERENCES), {}).status_code == 200
        assert NotificationPreference.objects.count() == 0

    def test_ten_megabytes_are_refused(self, keep):
        assert keep(frequency="x" * 10_000_000).status_code == 413

    def test_muted_tickets_can_be_unmuted(self, client_of, reporter, make_ticket, url_of):
        muted = make_ticket(description="The <b>loud</b> fan")
        muted.services.mute(reporter)
        make_ticket().services.follow(reporter)
        client = client_of(reporter)
        page = client.get(url_of(PREFERENCES))
        assert list(page.context["page"]) == [muted]
        assert "The &lt;b&gt;loud&lt;/b&gt; fan" in html(page)
        data = {"wish": "follow", "return_url": url_of(PREFERENCES)}
        response = client.post(url_of(FOLLOW, muted), data, follow=True)
        assert list(response.context["page"]) == []

    def test_muted_tickets_that_one_may_not_see_are_not_shown(
        self, client_of, user_without_permissions, make_ticket, url_of
    ):
        make_ticket(description="Secret").services.mute(user_without_permissions)
        assert "Secret" not in html(client_of(user_without_permissions).get(url_of(PREFERENCES)))

    @pytest.mark.parametrize("page", ["abc", "-1", "9" * 20, "\x00"])
    def test_odd_pages(self, client_of, reporter, url_of, page):
        response = client_of(reporter).get(url_of(PREFERENCES), {"page": page})
        assert response.status_code == 200

    def test_the_way_there(self, client_of, reporter, url_of):
        for name in ("page:inbox", "page:list"):
            page = html(client_of(reporter).get(url_of(name)))
            assert f'href="{url_of(PREFERENCES)}"' in page

    def test_needs_somebody(self, client, url_of):
        assert client.get(url_of(PREFERENCES)).status_code == 302

    def test_the_number_of_queries_depends_on_nothing(
        self, client_of, reporter, make_ticket, url_of, capture_queries
    ):
        client = client_of(reporter)
        counts = []
        for number in (1, 20):
            for _time in range(number):
                make_ticket().services.mute(reporter)
            with capture_queries() as queries:
                client.get(url_of(PREFERENCES))
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestUnsubscribing:
    """From a mail program: nobody is signed in, and there is no CSRF token."""

    @pytest.fixture
    def outsider(self, db):
        return Client(enforce_csrf_checks=True)

    @pytest.fixture
    def link_of(self):
        def link(user, scope=Scope.TICKET, ticket_id=None):
            wish = Unsubscription(user_id=str(user.pk), scope=scope, ticket_id=ticket_id)
            return address(unsubscribe.token_for(wish))

        return link

    def test_getting_shows_and_changes_nothing(self, outsider, link_of, reporter, ticket):
        response = outsider.get(link_of(reporter, ticket_id=ticket.pk))
        assert response.status_code == 200
        assert "Hear no more of this?" in html(response)
        assert TicketFollower.objects.count() == 0
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "no-referrer"

    def test_one_click_mutes_the_ticket(self, outsider, link_of, reporter, ticket):
        response = outsider.post(
            link_of(reporter, ticket_id=ticket.pk),
            "List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code == 200
        follower = TicketFollower.objects.get()
        assert (follower.user, follower.ticket, follower.is_muted) == (reporter, ticket, True)

    def test_the_pages_own_button_works_twice(self, outsider, link_of, reporter, ticket):
        for _time in range(2):
            response = outsider.post(link_of(reporter, ticket_id=ticket.pk))
            assert "You will hear no more of this." in html(response)
        assert TicketFollower.objects.count() == 1

    @pytest.mark.parametrize(
        ("scope", "kinds"), [(Scope.NEW_TICKETS, {"new"}), (Scope.ALL_EMAIL, None)]
    )
    def test_mails_of_a_kind_or_all(self, outsider, link_of, reporter, scope, kinds):
        outsider.post(link_of(reporter, scope))
        wishes = NotificationPreference.objects.filter(channel="email", enabled=False)
        found = set(wishes.values_list("kind", flat=True))
        assert found == kinds if kinds else len(found) > 3

    def test_says_nothing_of_person_and_ticket(self, outsider, link_of, make_user, make_ticket):
        user = make_user(name="whoever", email="whoever@people.example.com")
        ticket = make_ticket(description="Very secret")
        url = link_of(user, ticket_id=ticket.pk)
        for response in (outsider.get(url), outsider.post(url)):
            for secret in ("whoever", "secret", f"#{ticket.pk}"):
                assert secret not in html(response).replace(url, "")

    def test_accounts_and_tickets_that_are_gone_are_answered_alike(
        self, outsider, link_of, reporter, make_user
    ):
        gone = make_user()
        url = link_of(gone, Scope.ALL_EMAIL)
        gone.delete()
        known = outsider.post(link_of(reporter, ticket_id=2**40))
        assert html(outsider.post(url)) == html(known)
        assert known.status_code == 200

    @pytest.mark.parametrize("change", ["x", ":", "é", "%00", "%ED%A0%80", "x" * 5000])
    def test_links_that_are_not_ours(self, outsider, link_of, reporter, ticket, change):
        url = link_of(reporter, ticket_id=ticket.pk)
        for odd in (url[:-1] + change + "/", url[:-20] + change + "/"):
            assert outsider.get(odd).status_code == 404
            assert outsider.post(odd).status_code == 404
        assert TicketFollower.objects.count() == 0

    def test_links_expire(self, outsider, link_of, reporter, ticket, monkeypatch):
        url = link_of(reporter, ticket_id=ticket.pk)
        monkeypatch.setattr(unsubscribe, "MAX_AGE", timedelta(seconds=-1))
        response = outsider.post(url)
        assert response.status_code == 404
        assert "This link no longer works" in html(response)
        assert TicketFollower.objects.count() == 0

    def test_tokens_of_other_purposes_are_not_taken(self, outsider, reporter, ticket):
        token = signing.dumps([str(reporter.pk), "ticket", ticket.pk], salt="other")
        assert outsider.post(address(token)).status_code == 404

    def test_whoever_is_signed_in_acts_for_the_mails_reader(
        self, client_of, link_of, reporter, manager, ticket
    ):
        client_of(manager).post(link_of(reporter, ticket_id=ticket.pk))
        assert TicketFollower.objects.get().user == reporter

    def test_ten_megabytes_are_no_matter(self, outsider, link_of, reporter, ticket):
        response = outsider.post(link_of(reporter, ticket_id=ticket.pk), {"x": "x" * 10_000_000})
        assert response.status_code in {200, 413}

    def test_other_methods_are_refused(self, outsider, link_of, reporter, ticket):
        assert outsider.put(link_of(reporter, ticket_id=ticket.pk)).status_code == 405
        assert HelpDeskTicket.objects.count() == 1


def address(token):
    return reverse("django_spire:help_desk:page:unsubscribe", kwargs={"token": token})
