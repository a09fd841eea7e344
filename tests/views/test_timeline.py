"""The timeline of comments and changes on a ticket's page."""

from __future__ import annotations

import pytest
from django.db.models.signals import post_init
from django.utils import timezone

from help_desk.enums import TicketEventType
from help_desk.models import TicketComment, TicketEvent
from help_desk.validators import TEXT_MAX_LENGTH

DETAIL = "page:detail"


def html(response):
    return response.content.decode()


@pytest.fixture
def open_ticket(client_of, agent, ticket, url_of):
    def get(user=agent, **query):
        return client_of(user).get(url_of(DETAIL, ticket), query)

    return get


@pytest.fixture
def conversation(ticket, agent, reporter):
    """A reply, a note that is edited, a change with a note, and an answer."""
    ticket.services.comment(agent, "Which floor?")
    note = ticket.services.comment(agent, "He always asks.", internal=True)
    ticket.services.edit_comment(note, "She always asks.", actor=agent)
    ticket.services.comment(agent, "Doing it now.", internal=True, status="prog")
    ticket.services.comment(reporter, "The third.")


@pytest.mark.usefixtures("conversation")
class TestConversation:
    def test_comments_and_changes_are_in_one_order(self, open_ticket):
        entries = open_ticket().context["timeline"].entries
        assert [(entry.title, entry.is_internal) for entry in entries] == [
            ("Ticket created", False),
            ("Reply", False),
            ("Internal note", True),
            ("Internal note edited", True),
            ("Ticket changed", False),
            ("Internal note", True),
            ("Reply", False),
        ]
        assert [entry.type for entry in entries] == [
            "new", "comment", "comment", "update", "update", "comment", "comment",
        ]  # fmt: skip
        assert entries[3].earlier_text == "He always asks."
        assert entries[4].changes[0].new == "In Progress"

    def test_internal_notes_and_their_edits_are_hidden(self, open_ticket, reporter):
        response = open_ticket(reporter)
        page = html(response)
        for secret in ("always asks", "Doing it now", "nternal note"):
            assert secret not in page
        assert "Which floor?" in page
        types = [entry.type for entry in response.context["timeline"].entries]
        assert types == ["new", "comment", "update", "comment"]

    def test_internal_notes_are_marked(self, open_ticket):
        assert "Visible to staff who can change tickets" in html(open_ticket())

    def test_dates_are_absolute(self, open_ticket, ticket):
        date = ticket.events.last().created_datetime
        if timezone.is_aware(date):
            date = timezone.localtime(date)
        assert f'<time datetime="{date.isoformat()}">' in html(open_ticket())


def test_change_shows_actor_fields_and_earlier_description(open_ticket, ticket, agent):
    ticket.services.update(actor=agent, status="prog", description="New <i>text</i>")
    response = open_ticket()
    entries = response.context["timeline"].entries
    assert [entry.type for entry in entries] == ["new", "update"]
    assert entries[1].actor == agent
    (change,) = entries[1].changes
    assert (change.label, change.old, change.new) == ("Status", "Ready", "In Progress")
    assert entries[1].earlier_description.startswith("The printer")
    assert "New &lt;i&gt;text&lt;/i&gt;" in html(response)
    assert "Earlier description" in html(response)
    assert agent.get_username() in html(response)


def test_direct_save_is_shown(open_ticket, ticket):
    ticket.status = "done"
    ticket.save()
    entry = open_ticket().context["timeline"].entries[-1]
    assert entry.actor is None
    assert entry.changes[0].new == "Done"


@pytest.mark.parametrize(
    ("methods", "title"),
    [
        (["set_inactive"], "Ticket deactivated"),
        (["set_inactive", "set_active"], "Ticket activated"),
        (["set_deleted", "un_set_deleted"], "Ticket restored"),
    ],
    ids=["deactivated", "activated", "restored"],
)
def test_flags_have_titles(open_ticket, ticket, methods, title):
    for method in methods:
        getattr(ticket, method)()
    entry = open_ticket().context["timeline"].entries[-1]
    assert (entry.title, entry.changes) == (title, ())


def test_change_of_the_description_alone_has_a_title(open_ticket, ticket, agent):
    ticket.services.update(agent, description="New text")
    assert open_ticket().context["timeline"].entries[-1].title == "Description changed"


def test_assignments_show_names(open_ticket, agent, manager, ticket):
    ticket.services.assign(agent, actor=manager)
    ticket.services.assign(None, actor=manager)
    assigned, unassigned = open_ticket().context["timeline"].entries[1:]
    name = agent.get_username()
    assert [(change.old, change.new) for change in assigned.changes] == [("Unassigned", name)]
    assert [(change.old, change.new) for change in unassigned.changes] == [(name, "Unassigned")]


def test_ticket_without_events_shows_its_creation(open_ticket, ticket):
    TicketEvent.objects.filter(ticket=ticket).remove()  # as django-spire leaves it
    (entry,) = open_ticket().context["timeline"].entries
    assert (entry.type, entry.title) == ("new", "Ticket created")
    assert entry.actor == ticket.created_by
    assert entry.created_datetime == ticket.created_datetime


def test_long_timeline_has_pages(open_ticket, ticket):
    for number in range(119):
        TicketEvent.objects.record(
            ticket=ticket,
            type=TicketEventType.UPDATE,
            actor=None,
            changes={"priority": ["low", str(number)]},
        )
    latest = open_ticket().context["timeline"]
    assert [entry.changes[0].new for entry in latest.entries] == [
        str(number) for number in range(69, 119)
    ]
    middle = open_ticket(before=latest.older_before).context["timeline"]
    first = open_ticket(before=middle.older_before).context["timeline"]
    assert len(middle.entries) == 50
    assert len(first.entries) == 20
    assert first.entries[0].type == "new"
    assert first.older_before is None
    assert (latest.is_latest, first.is_latest) == (True, False)


def test_pages_are_full_without_hidden_notes(open_ticket, agent, reporter, ticket):
    for number in range(60):
        ticket.services.comment(agent, f"Number {number}", internal=number % 2 == 0)
    public = open_ticket(reporter).context["timeline"]
    assert len(public.entries) == 31
    assert public.older_before is None
    latest = open_ticket().context["timeline"]
    assert (len(latest.entries), latest.entries[-1].comment.text) == (50, "Number 59")
    older = open_ticket(before=latest.older_before).context["timeline"]
    assert [entry.type for entry in older.entries] == ["new"] + ["comment"] * 10


def read_all(open_ticket, user):
    """Follow the links to older entries; return the entries of each page, the latest first."""
    pages, before = [], ""
    while before is not None:
        timeline = open_ticket(user, before=before).context["timeline"]
        pages.append(timeline.entries)
        before = timeline.older_before
    return pages


def add_comments(ticket, author, texts, **options):
    for text in texts:
        ticket.services.comment(author, text, **options)


def test_page_of_long_comments_ends_before_fifty(open_ticket, ticket, agent):
    texts = [f"{number} {'x' * 60_000}" for number in range(12)]
    add_comments(ticket, agent, texts)
    pages = read_all(open_ticket, agent)
    entries = [entry for page in reversed(pages) for entry in page]
    assert [entry.comment.text for entry in entries[1:]] == texts
    assert [len(page) for page in pages] == [3, 3, 3, 4]


def test_longest_texts_remain_readable(open_ticket, ticket, agent):
    longest = "é" * TEXT_MAX_LENGTH
    comment = ticket.services.comment(agent, longest)
    ticket.services.edit_comment(comment, f"{longest[1:]}!", actor=agent)
    ticket.services.update(agent, description=longest)
    ticket.services.update(agent, description=longest[1:])
    entries = [entry for page in reversed(read_all(open_ticket, agent)) for entry in page]
    assert [entry.type for entry in entries] == ["new", "comment", "update", "update", "update"]
    assert entries[1].comment.text == f"{longest[1:]}!"
    assert [entries[2].earlier_text, entries[4].earlier_description] == [longest, longest]


def test_hidden_notes_do_not_count(open_ticket, ticket, agent, reporter):
    add_comments(ticket, agent, ["x" * TEXT_MAX_LENGTH] * 4, internal=True)
    add_comments(ticket, agent, map(str, range(20)))
    (page,) = read_all(open_ticket, reporter)
    assert len(page) == 21


def test_long_comments_of_other_pages_are_not_loaded(open_ticket, ticket, agent):
    add_comments(ticket, agent, ["é" * TEXT_MAX_LENGTH] * 30)
    loaded = []

    def count(instance, **kwargs):
        loaded.append(len(instance.text))

    post_init.connect(count, sender=TicketComment)
    try:
        open_ticket()
    finally:
        post_init.disconnect(count, sender=TicketComment)
    assert TEXT_MAX_LENGTH <= sum(loaded) <= 10 * TEXT_MAX_LENGTH


@pytest.mark.parametrize("before", ["abc", "", "-1", "0", "9" * 20, "9" * 5000, "\x00", "1e3"])
def test_invalid_page_is_no_error(open_ticket, before):
    assert open_ticket(before=before).status_code == 200


def test_query_count_is_constant(
    client_of, agent, manager, ticket, make_user, grant, url_of, capture_queries
):
    client = client_of(agent)
    counts = []
    for number in (1, 30):
        for _time in range(number):
            user = grant(make_user(), "view", "change")
            ticket.services.assign(user, actor=manager)
            ticket.services.comment(user, "Hello")
        client.get(url_of(DETAIL, ticket))
        with capture_queries() as queries:
            client.get(url_of(DETAIL, ticket))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 10
