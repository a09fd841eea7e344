"""The ticket list and a ticket's page."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from help_desk.views import page_views

LIST, DETAIL = "page:list", "page:detail"


def html(response):
    return response.content.decode()


class TestList:
    @pytest.fixture
    def browse(self, client_of, reporter, url_of):
        client = client_of(reporter)
        return lambda **query: client.get(url_of(LIST), query)

    def test_newest_first(self, browse, make_ticket):
        old = make_ticket(created_datetime=timezone.now() - timezone.timedelta(days=2))
        new = make_ticket()
        oldest = make_ticket(created_datetime=timezone.now() - timezone.timedelta(days=3))
        assert list(browse().context["tickets"]) == [new, old, oldest]

    def test_deleted_and_inactive_tickets_are_not_listed(self, browse, make_ticket):
        make_ticket().set_deleted()
        make_ticket().set_inactive()
        ticket = make_ticket()
        assert list(browse().context["tickets"]) == [ticket]

    def test_page_has_25_tickets(self, browse, make_ticket, reporter):
        for _number in range(26):
            make_ticket(created_by=reporter)
        first, second = browse(), browse(page="2")
        assert len(first.context["tickets"]) == len(first.context["rows"]) == 25
        assert len(second.context["tickets"]) == 1
        assert "26 tickets" in html(first)
        assert "Page 1 of 2" in html(first)
        assert 'rel="next" href="?page=2"' in html(first)
        assert 'rel="prev" href="?page=1"' in html(second)

    @pytest.mark.parametrize(
        ("requested", "number"),
        [
            ("abc", 1), ("", 1), ("0", 1), ("-7", 1), ("1.5", 1), ("2", 2), ("999", 2),
            ("9" * 20, 2), ("9" * 5000, 1), ("\x00", 1), ("٢", 2), ("nan", 1),
        ],
        ids=ascii,
    )  # fmt: skip
    def test_nearest_page_is_shown(self, browse, make_ticket, reporter, requested, number):
        for _number in range(26):
            make_ticket(created_by=reporter)
        response = browse(page=requested)
        assert response.status_code == 200
        assert response.context["page"].number == number

    @pytest.mark.parametrize(
        ("field", "value", "other"),
        [("status", "done", "prog"), ("priority", "urge", "low"), ("purpose", "comp", "app")],
    )
    def test_filters(self, browse, make_ticket, field, value, other):
        match = make_ticket(**{field: value})
        make_ticket(**{field: other})
        response = browse(**{field: value})
        assert list(response.context["tickets"]) == [match]
        assert f'<option value="{value}" selected>' in html(response)

    @pytest.mark.parametrize("value", ["nope", "\x00", "\ud800", "READ", "0", "é" * 5000])
    @pytest.mark.parametrize("field", ["status", "priority", "purpose"])
    def test_unknown_filter_values_are_ignored(
        self, client_of, reporter, url_of, make_ticket, field, value
    ):
        ticket = make_ticket()
        query = f"?{field}={quote(value, errors='surrogatepass')}"
        response = client_of(reporter).get(url_of(LIST) + query)
        assert response.status_code == 200
        assert list(response.context["tickets"]) == [ticket]

    def test_search_finds_text_in_descriptions(self, browse, make_ticket):
        match = make_ticket(description="The PRINTER burns")
        make_ticket(description="All is well")
        assert list(browse(q=" printer ").context["tickets"]) == [match]

    def test_database_wildcards_match_themselves(self, browse, make_ticket):
        match = make_ticket(description="100% of _it_ \\ gone")
        make_ticket(description="100 of it")
        for text in ("0%", "_it_", "\\"):
            assert list(browse(q=text).context["tickets"]) == [match]

    @pytest.mark.parametrize(
        "text",
        ["%00", "a%00b", "%ED%A0%80", "%FF", "%", "%25" * 100_000,
            "%D8%A7%E2%80%AE", "%F0%9F%98%80"],
        ids=lambda text: text[:12],
    )  # fmt: skip
    def test_any_search_text_is_accepted(self, client_of, reporter, url_of, ticket, text):
        response = client_of(reporter).get(f"{url_of(LIST)}?q={text}")
        assert response.status_code == 200

    def test_links_to_other_pages_keep_the_filters(self, browse, make_ticket, reporter):
        for _number in range(26):
            make_ticket(created_by=reporter, priority="low", description="a & b")
        response = browse(priority="low", q="a & b", nonsense="1", status="x")
        assert 'href="?q=a+%26+b&amp;priority=low&amp;page=2"' in html(response)

    def test_numbers_in_urls_are_not_localized(self, browse, make_ticket, reporter, settings):
        settings.USE_THOUSAND_SEPARATOR = True
        settings.LANGUAGE_CODE = "en"
        ticket = make_ticket(pk=1234567, created_by=reporter)
        assert f"#{ticket.pk}</span>" in html(browse())
        assert f"/{ticket.pk}/detail/" in html(browse())

    def test_empty_list_differs_from_no_matches(self, browse, make_ticket):
        assert "There are no tickets yet." in html(browse())
        assert "No tickets match." in html(browse(q="zzz"))

    def test_user_input_is_escaped(self, browse, make_ticket):
        make_ticket(description="<script>alert(1)</script>")
        response = browse(q="<script>")
        assert "<script" not in html(response)
        assert "&lt;script&gt;" in html(response)

    def test_query_count_is_constant(self, browse, make_ticket, make_user, capture_queries):
        counts = []
        for number in (1, 4, 30):
            for _ticket in range(number):
                make_ticket(created_by=make_user())
            with capture_queries() as queries:
                browse()
            counts.append(len(queries))
        assert len(set(counts)) == 1
        assert counts[0] <= 10

    def test_template_runs_no_query(self, render_queries, make_ticket, make_user, agent):
        make_ticket(assigned_to=make_user(), created_by=agent)
        make_ticket()
        assert render_queries(page_views.list_view, agent) == []

    @hypothesis_settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        query=st.dictionaries(
            st.sampled_from(["q", "status", "priority", "purpose", "page"]),
            st.binary(max_size=30) | st.text(max_size=30).map(str.encode),
        )
    )
    def test_any_query_string_is_accepted(self, client_of, reporter, url_of, ticket, query):
        url = url_of(LIST) + "?" + "&".join(f"{key}={quote(value)}" for key, value in query.items())
        assert client_of(reporter).get(url).status_code == 200


class TestDetail:
    @pytest.fixture
    def open_ticket(self, client_of, reporter, url_of):
        client = client_of(reporter)
        return lambda ticket, **query: client.get(url_of(DETAIL, ticket), query)

    def test_shows_the_ticket(self, open_ticket, make_ticket, reporter):
        ticket = make_ticket(created_by=reporter, priority="urge", purpose="comp")
        response = open_ticket(ticket)
        assert response.context["ticket"] == ticket
        for text in (f"Ticket #{ticket.pk}", "Urgent", "Company", "Ready", reporter.get_username()):
            assert text in html(response)

    def test_text_keeps_line_breaks_and_is_escaped(self, open_ticket, make_ticket):
        ticket = make_ticket(description="one\ntwo\n\n<b onclick=x>three</b> {{ four }}")
        page = html(open_ticket(ticket))
        assert "one<br>two</p>" in page
        assert "&lt;b onclick=x&gt;three&lt;/b&gt; {{ four }}" in page
        assert "<b " not in page

    def test_right_to_left_text_and_emoji(self, open_ticket, make_ticket):
        ticket = make_ticket(description="مشكلة \u202e 😀")
        response = open_ticket(ticket)
        assert ticket.description in html(response)
        assert 'dir="auto"' in html(response)

    def test_inactive_ticket_is_marked(self, open_ticket, ticket):
        ticket.set_inactive()
        assert "Inactive" in html(open_ticket(ticket))

    def test_query_count_is_constant(self, open_ticket, ticket, make_user, capture_queries):
        counts = []
        for number in (0, 3, 60):
            for _event in range(number):
                ticket.services.update(
                    actor=make_user(), priority="low" if ticket.priority == "high" else "high"
                )
            with capture_queries() as queries:
                open_ticket(ticket)
            counts.append(len(queries))
        assert len(set(counts)) == 1
        assert counts[0] <= 10

    def test_template_runs_no_query(self, render_queries, ticket, agent, manager, reporter):
        ticket.services.assign(manager, actor=agent)
        ticket.services.comment(reporter, "Hello")
        for user in (agent, reporter):
            assert render_queries(page_views.detail_view, user, pk=ticket.pk) == []
