"""Notification preferences, and unsubscribing by a link in an email."""

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
from help_desk.views import preferences_views

PREFERENCES, FOLLOW = "page:preferences", "form:follow"


def html(response):
    return response.content.decode()


class TestPreferences:
    @pytest.fixture
    def page(self, client_of, reporter, url_of):
        return client_of(reporter).get(url_of(PREFERENCES))

    @pytest.fixture
    def save(self, client_of, reporter, url_of):
        """Post the form as the page renders it, with changes; None unchecks a checkbox."""
        client = client_of(reporter)
        form = client.get(url_of(PREFERENCES)).context["form"]
        rendered = {
            name: "on" for name in form.fields if form[name].initial and name != "frequency"
        }

        def post(**changes):
            data = {"frequency": "once", **rendered, **changes}
            sent = {name: value for name, value in data.items() if value is not None}
            return client.post(url_of(PREFERENCES), sent)

        return post

    def test_every_checkbox_has_a_label(self, page):
        for label in ("Replies: In-app", "Mentions of me: Email"):
            assert f'<span class="hd-unseen">{label}</span>' in html(page)
        assert '<th scope="row">Replies</th>' in html(page)

    def test_kinds_that_cannot_concern_the_user_are_left_out(self, page, client_of, agent, url_of):
        assert "Internal notes" not in html(page)
        assert "Internal notes" in html(client_of(agent).get(url_of(PREFERENCES)))

    def test_defaults_of_assignees_apply_to_users_who_can_be_assigned(
        self, page, client_of, agent, url_of
    ):
        of_agent = client_of(agent).get(url_of(PREFERENCES)).context["form"]
        for form, expected in ((page.context["form"], False), (of_agent, True)):
            assert form["assignment-email"].initial is expected
            assert form["priority-email"].initial is expected

    def test_defaults_of_managers_and_developers_apply_to_them(
        self, page, client_of, manager, developer, user_has_email, url_of
    ):
        assert "new-in_app" not in page.context["form"].fields
        of_manager = client_of(manager).get(url_of(PREFERENCES)).context["form"]
        assert (of_manager["new-in_app"].initial, of_manager["new-email"].initial) == (True, False)
        assert of_manager["priority-in_app"].initial is True
        of_developer = client_of(developer).get(url_of(PREFERENCES)).context["form"]
        assert ("new-email" in of_developer.fields) is user_has_email
        if user_has_email:
            assert of_developer["new-email"].initial is True

    def test_saved_preference_decides_who_is_notified(self, save, ticket, agent, reporter, url_of):
        response = save(**{"reply-in_app": None})
        assert response["Location"] == url_of(PREFERENCES)
        preference = NotificationPreference.objects.get()
        assert (preference.kind, preference.channel, preference.enabled) == (
            "reply",
            "in_app",
            False,
        )
        ticket.services.comment(agent, "Hello")
        assert not Notification.objects.filter(recipient=reporter, channel="in_app").exists()

    def test_preference_equal_to_the_rules_needs_no_row(self, save):
        save(**{"reply-in_app": None})
        save()
        assert NotificationPreference.objects.count() == 0

    @pytest.mark.parametrize("frequency", ["once", "hour", "day"])
    def test_email_frequency_is_saved(self, save, frequency, client_of, reporter, url_of):
        save(frequency=frequency)
        assert EmailSchedule.objects.get().frequency == frequency
        page = html(client_of(reporter).get(url_of(PREFERENCES)))
        assert f'value="{frequency}"' in page.split("checked", page.count("checked"))[-2][-200:]

    @pytest.mark.parametrize("frequency", [None, "", "nope", "\x00", "x" * 10_000])
    def test_invalid_frequency_is_an_error_and_checkboxes_are_kept(self, save, frequency):
        response = save(frequency=frequency, **{"reply-in_app": None})
        assert response.status_code == 200
        assert set(response.context["form"].errors) == {"frequency"}
        assert 'id="help-desk-errors"' in html(response)
        checkbox = response.context["form"]["reply-in_app"]
        assert "checked" not in str(checkbox)
        assert NotificationPreference.objects.count() == 0

    def test_empty_post_saves_nothing(self, client_of, reporter, url_of):
        assert client_of(reporter).post(url_of(PREFERENCES), {}).status_code == 200
        assert NotificationPreference.objects.count() == 0

    def test_muted_tickets_can_be_unmuted(self, client_of, reporter, make_ticket, url_of):
        muted = make_ticket(description="The <b>loud</b> fan")
        muted.services.mute(reporter)
        make_ticket().services.follow(reporter)
        client = client_of(reporter)
        page = client.get(url_of(PREFERENCES))
        assert list(page.context["page"]) == [muted]
        assert "The &lt;b&gt;loud&lt;/b&gt; fan" in html(page)
        data = {"subscription": "follow", "return_url": url_of(PREFERENCES)}
        response = client.post(url_of(FOLLOW, muted), data, follow=True)
        assert list(response.context["page"]) == []

    def test_muted_tickets_that_the_user_cannot_view_are_hidden(
        self, client_of, user_without_permissions, make_ticket, url_of
    ):
        make_ticket(description="Secret").services.mute(user_without_permissions)
        assert "Secret" not in html(client_of(user_without_permissions).get(url_of(PREFERENCES)))

    @pytest.mark.parametrize("page", ["abc", "-1", "9" * 20, "\x00"])
    def test_invalid_page_is_handled(self, client_of, reporter, url_of, page):
        response = client_of(reporter).get(url_of(PREFERENCES), {"page": page})
        assert response.status_code == 200

    def test_inbox_and_navigation_link_to_it(self, client_of, reporter, url_of):
        for name in ("page:inbox", "page:list"):
            page = html(client_of(reporter).get(url_of(name)))
            assert f'href="{url_of(PREFERENCES)}"' in page

    def test_requires_login(self, client, url_of):
        assert client.get(url_of(PREFERENCES)).status_code == 302

    def test_template_runs_no_query(self, reporter, make_ticket, render_queries):
        make_ticket().services.mute(reporter)
        assert render_queries(preferences_views.preferences_view, reporter) == []

    def test_number_of_queries_is_constant(
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


class TestUnsubscribe:
    """As a mail program does it: without signing in, and without a CSRF token."""

    @pytest.fixture
    def mail_client(self, db):
        return Client(enforce_csrf_checks=True)

    @pytest.fixture
    def link_of(self):
        def link(user, scope=Scope.TICKET, ticket_id=None):
            unsubscription = Unsubscription(user_id=str(user.pk), scope=scope, ticket_id=ticket_id)
            return unsubscribe_url(unsubscribe.token_for(unsubscription))

        return link

    def test_get_asks_for_confirmation(self, mail_client, link_of, reporter, ticket):
        response = mail_client.get(link_of(reporter, ticket_id=ticket.pk))
        assert response.status_code == 200
        assert "Stop getting notifications about this ticket?" in html(response)
        assert TicketFollower.objects.count() == 0
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "no-referrer"

    def test_one_click_post_mutes_the_ticket(self, mail_client, link_of, reporter, ticket):
        response = mail_client.post(
            link_of(reporter, ticket_id=ticket.pk),
            "List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code == 200
        follower = TicketFollower.objects.get()
        assert (follower.user, follower.ticket, follower.is_muted) == (reporter, ticket, True)

    def test_link_can_be_used_twice(self, mail_client, link_of, reporter, ticket):
        for _time in range(2):
            response = mail_client.post(link_of(reporter, ticket_id=ticket.pk))
            assert "You have been unsubscribed." in html(response)
        assert TicketFollower.objects.count() == 1

    @pytest.mark.parametrize(
        ("scope", "kinds"), [(Scope.NEW_TICKETS, {"new"}), (Scope.ALL_EMAIL, None)]
    )
    def test_link_disables_emails_of_its_scope(self, mail_client, link_of, reporter, scope, kinds):
        mail_client.post(link_of(reporter, scope))
        preferences = NotificationPreference.objects.filter(channel="email", enabled=False)
        found = set(preferences.values_list("kind", flat=True))
        assert found == kinds if kinds else len(found) > 3

    def test_page_does_not_reveal_user_or_ticket(
        self, mail_client, link_of, make_user, make_ticket
    ):
        user = make_user(name="recipient", email="recipient@people.example.com")
        ticket = make_ticket(description="Very secret")
        url = link_of(user, ticket_id=ticket.pk)
        for response in (mail_client.get(url), mail_client.post(url)):
            for secret in ("recipient", "secret", f"#{ticket.pk}"):
                assert secret not in html(response).replace(url, "")

    def test_response_is_the_same_if_user_or_ticket_no_longer_exists(
        self, mail_client, link_of, reporter, make_user
    ):
        gone = make_user()
        url = link_of(gone, Scope.ALL_EMAIL)
        gone.delete()
        known = mail_client.post(link_of(reporter, ticket_id=2**40))
        assert html(mail_client.post(url)) == html(known)
        assert known.status_code == 200

    @pytest.mark.parametrize("change", ["x", ":", "é", "%00", "%ED%A0%80", "x" * 5000])
    def test_tampered_link_is_not_found(self, mail_client, link_of, reporter, ticket, change):
        url = link_of(reporter, ticket_id=ticket.pk)
        for tampered in (url[:-1] + change + "/", url[:-20] + change + "/"):
            assert mail_client.get(tampered).status_code == 404
            assert mail_client.post(tampered).status_code == 404
        assert TicketFollower.objects.count() == 0

    def test_link_expires(self, mail_client, link_of, reporter, ticket, monkeypatch):
        url = link_of(reporter, ticket_id=ticket.pk)
        monkeypatch.setattr(unsubscribe, "MAX_AGE", timedelta(seconds=-1))
        response = mail_client.post(url)
        assert response.status_code == 404
        assert "This link has expired or is incomplete." in html(response)
        assert TicketFollower.objects.count() == 0

    def test_token_with_another_salt_is_not_found(self, mail_client, reporter, ticket):
        token = signing.dumps([str(reporter.pk), "ticket", ticket.pk, ""], salt="other")
        assert mail_client.post(unsubscribe_url(token)).status_code == 404

    def test_link_applies_to_its_recipient_not_to_the_signed_in_user(
        self, client_of, link_of, reporter, manager, ticket
    ):
        client_of(manager).post(link_of(reporter, ticket_id=ticket.pk))
        assert TicketFollower.objects.get().user == reporter

    def test_body_of_the_post_is_ignored(self, mail_client, link_of, reporter, ticket):
        response = mail_client.post(link_of(reporter, ticket_id=ticket.pk), {"x": "x" * 10_000_000})
        assert response.status_code == 200
        assert TicketFollower.objects.get().user == reporter

    def test_other_methods_are_not_allowed(self, mail_client, link_of, reporter, ticket):
        assert mail_client.put(link_of(reporter, ticket_id=ticket.pk)).status_code == 405
        assert HelpDeskTicket.objects.count() == 1


def unsubscribe_url(token):
    return reverse("django_spire:help_desk:page:unsubscribe", kwargs={"token": token})
