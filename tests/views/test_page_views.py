"""The list and a ticket's page."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from help_desk.models import TicketEvent

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

    def test_deleted_and_inactive_tickets_are_left_out(self, browse, make_ticket):
        make_ticket().set_deleted()
        make_ticket().set_inactive()
        ticket = make_ticket()
        assert list(browse().context["tickets"]) == [ticket]

    def test_twenty_five_a_page(self, browse, make_ticket, reporter):
        for _number in range(26):
            make_ticket(created_by=reporter)
        first, second = browse(), browse(page="2")
        assert len(first.context["tickets"]) == 25
        assert len(second.context["tickets"]) == 1
        assert "26 tickets" in html(first)
        assert "Page 1 of 2" in html(first)
        assert 'rel="next" href="?page=2"' in html(first)
        assert 'rel="prev" href="?page=1"' in html(second)

    @pytest.mark.parametrize(
        ("asked", "given"),
        [
            ("abc", 1), ("", 1), ("0", 1), ("-7", 1), ("1.5", 1), ("2", 2), ("999", 2),
            ("9" * 20, 2), ("9" * 5000, 1), ("\x00", 1), ("٢", 2), ("nan", 1),
        ],
        ids=ascii,
    )  # fmt: skip
    def test_the_nearest_page(self, browse, make_ticket, reporter, asked, given):
        for _number in range(26):
            make_ticket(created_by=reporter)
        response = browse(page=asked)
        assert response.status_code == 200
        assert response.context["tickets"].number == given

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

    def test_wildcards_of_the_database_are_plain_letters(self, browse, make_ticket):
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
    def test_no_search_is_too_odd(self, client_of, reporter, url_of, ticket, text):
        response = client_of(reporter).get(f"{url_of(LIST)}?q={text}")
        assert response.status_code == 200

    def test_links_to_other_pages_keep_the_filters(self, browse, make_ticket, reporter):
        for _number in range(26):
            make_ticket(created_by=reporter, priority="low", description="a & b")
        response = browse(priority="low", q="a & b", nonsense="1", status="x")
        assert 'href="?priority=low&amp;q=a+%26+b&amp;page=2"' in html(response)

    def test_numbers_in_addresses_are_not_localised(self, browse, make_ticket, reporter, settings):
        settings.USE_THOUSAND_SEPARATOR = True
        settings.LANGUAGE_CODE = "en"
        ticket = make_ticket(pk=1234567, created_by=reporter)
        assert f"#{ticket.pk}</span>" in html(browse())
        assert f"/{ticket.pk}/detail/" in html(browse())

    def test_nothing_there_and_nothing_found_are_told_apart(self, browse, make_ticket):
        assert "There are no tickets yet." in html(browse())
        assert "No ticket matches." in html(browse(q="zzz"))

    def test_what_people_typed_is_escaped(self, browse, make_ticket):
        make_ticket(description="<script>alert(1)</script>")
        response = browse(q="<script>")
        assert "<script" not in html(response)
        assert "&lt;script&gt;" in html(response)

    def test_the_number_of_queries_depends_on_nothing(
        self, browse, make_ticket, make_user, capture_queries
    ):
        counts = []
        for number in (1, 4, 30):
            for _ticket in range(number):
                make_ticket(created_by=make_user())
            with capture_queries() as queries:
                browse()
            counts.append(len(queries))
        assert len(set(counts)) == 1
        assert counts[0] <= 10

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
    def test_any_query_string_shows_a_page(self, client_of, reporter, url_of, ticket, query):
        address = (
            url_of(LIST) + "?" + "&".join(f"{key}={quote(value)}" for key, value in query.items())
        )
        assert client_of(reporter).get(address).status_code == 200


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

    def test_text_keeps_its_lines_and_is_escaped(self, open_ticket, make_ticket):
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

    def test_inactive_tickets_say_so(self, open_ticket, ticket):
        ticket.set_inactive()
        assert "Inactive" in html(open_ticket(ticket))

    def test_history_tells_who_changed_what(self, open_ticket, ticket, agent):
        ticket.services.update(actor=agent, status="prog", description="New <i>words</i>")
        entries = open_ticket(ticket).context["history"].entries
        assert [entry.kind for entry in entries] == ["new", "update"]
        assert entries[1].actor == agent
        (change,) = entries[1].changes
        assert (change.label, change.old, change.new) == ("Status", "Ready", "In Progress")
        assert entries[1].earlier_text.startswith("The printer")
        page = html(open_ticket(ticket))
        assert "New &lt;i&gt;words&lt;/i&gt;" in page
        assert agent.get_username() in page
        assert "<time datetime=" in page

    def test_direct_changes_are_in_the_history_too(self, open_ticket, ticket):
        ticket.status = "done"
        ticket.save()
        entry = open_ticket(ticket).context["history"].entries[-1]
        assert entry.actor is None
        assert entry.changes[0].new == "Done"

    @pytest.mark.parametrize(
        ("steps", "title"),
        [
            (["set_inactive"], "Ticket set inactive"),
            (["set_inactive", "set_active"], "Ticket set active"),
            (["set_deleted", "un_set_deleted"], "Ticket restored"),
        ],
        ids=["inactive", "active", "restored"],
    )
    def test_what_is_no_field_of_the_form_has_words_too(self, open_ticket, ticket, steps, title):
        for step in steps:
            getattr(ticket, step)()
        assert open_ticket(ticket).context["history"].entries[-1].title == title

    def test_tickets_from_before_have_a_beginning(self, open_ticket, ticket):
        TicketEvent.objects.filter(ticket=ticket)._raw_delete(TicketEvent.objects.db)
        (entry,) = open_ticket(ticket).context["history"].entries
        assert entry.kind == "new"
        assert entry.actor == ticket.created_by
        assert entry.moment == ticket.created_datetime

    def test_long_histories_come_in_stretches(self, open_ticket, ticket):
        for number in range(119):
            TicketEvent.objects.record(
                ticket=ticket, is_new=False, actor=None, changes={"priority": ["low", str(number)]}
            )
        latest = open_ticket(ticket).context["history"]
        assert [entry.changes[0].new for entry in latest.entries] == [
            str(number) for number in range(69, 119)
        ]
        middle = open_ticket(ticket, before=latest.older_before).context["history"]
        first = open_ticket(ticket, before=middle.older_before).context["history"]
        assert len(middle.entries) == 50
        assert len(first.entries) == 20
        assert first.entries[0].kind == "new"
        assert first.older_before is None
        assert (latest.is_latest, first.is_latest) == (True, False)

    @pytest.mark.parametrize("before", ["abc", "", "-1", "0", "9" * 20, "9" * 5000, "\x00", "1e3"])
    def test_odd_places_in_the_history(self, open_ticket, ticket, before):
        assert open_ticket(ticket, before=before).status_code == 200

    def test_the_number_of_queries_depends_on_nothing(
        self, open_ticket, ticket, make_user, capture_queries
    ):
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
