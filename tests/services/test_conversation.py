"""Replies, notes, assignment and who hears of them, through the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError

from help_desk.exceptions import TicketConflictError
from help_desk.models import HelpDeskTicket, Notification, TicketEvent
from help_desk.notifications import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db


def told(channel: str) -> set[Any]:
    """Who has a row of the latest event, by this channel."""
    latest = TicketEvent.objects.latest("pk")
    rows = Notification.objects.filter(event=latest, channel=channel)
    return {row.recipient for row in rows.select_related("recipient")}


def test_reply_reaches_the_creator_and_not_its_author(
    ticket: HelpDeskTicket, reporter: Any, agent: Any
) -> None:
    ticket.services.comment(agent, "I am looking at it.")
    assert told("in_app") == {reporter}
    ticket.services.comment(reporter, "Thank you.")
    assert told("in_app") == {agent}


def test_note_reaches_only_those_who_may_change(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.follow(manager)
    ticket.services.comment(agent, "The cable again.", internal=True)
    assert told("in_app") == {manager}
    with pytest.raises(PermissionDenied):
        ticket.services.comment(reporter, "What cable?", internal=True)


def test_assignee_is_told_and_must_be_able_to_work(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.assign(agent, by=manager)
    assert told("in_app") == {agent, reporter}
    assert ticket.assigned_to == agent
    assert ticket.events.last().changes == {"assigned_to": [None, agent.pk]}
    with pytest.raises(ValidationError) as caught:
        ticket.services.assign(reporter, by=manager)
    assert set(caught.value.message_dict) == {"assigned_to"}


def test_only_people_who_may_see_it_are_reached_by_a_mention(
    ticket: HelpDeskTicket, agent: Any, manager: Any, stranger: Any
) -> None:
    comment = ticket.services.comment(agent, "@manager, @stranger and @nobody: look.")
    assert manager in told("in_app")
    assert stranger not in told("in_app")
    assert comment.unreached_mentions == ("stranger", "nobody")


def test_different_fields_merge_and_the_same_field_conflicts(
    make_ticket: Callable[..., HelpDeskTicket], reporter: Any, agent: Any, manager: Any
) -> None:
    ticket = make_ticket(created_by=reporter, priority="med")
    drawn = ticket.services.version
    mine = HelpDeskTicket.objects.get(pk=ticket.pk)
    ticket.services.update(manager, priority="urge")
    said = {"priority": mine.priority, "description": "Both lifts sing."}
    mine.services.update(agent, drawn_from=drawn, **said)
    assert (mine.priority, mine.description) == ("urge", "Both lifts sing.")
    with pytest.raises(TicketConflictError) as caught:
        mine.services.update(agent, drawn_from=drawn, priority="low")
    conflict = caught.value.conflicts[0]
    assert (conflict.field, conflict.current, conflict.wanted) == ("priority", "urge", "low")


def test_changes_by_one_person_make_one_threaded_email(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.start(agent)
    ticket.services.comment(agent, "Works again.", status="done")
    delivery.deliver()
    (message,) = [message for message in mail.outbox if message.to == [reporter.email]]
    assert "Works again." in message.body
    assert "In Progress" in message.body
    root = f"help-desk.ticket.{ticket.pk}@"
    assert root in message.extra_headers["References"]
    assert "List-Unsubscribe" in message.extra_headers


def test_muting_ends_what_waits(ticket: HelpDeskTicket, agent: Any, reporter: Any) -> None:
    ticket.services.comment(agent, "Hello?")
    ticket.services.mute(reporter)
    report = delivery.deliver()
    assert (report.sent, report.skipped) == (0, 1)
    ticket.services.comment(agent, "Anybody?")
    assert told("in_app") == set()


def test_done_and_first_response_are_noted(ticket: HelpDeskTicket, agent: Any) -> None:
    ticket.services.comment(agent, "Seen.")
    first = ticket.first_response_datetime
    ticket.services.complete(agent)
    assert first is not None
    assert ticket.done_datetime is not None
    ticket.services.reopen(agent)
    assert (ticket.done_datetime, ticket.first_response_datetime) == (None, first)


@pytest.fixture
def count_queries(capture_queries: Callable[[], Any]) -> Callable[[Callable[[], object]], int]:
    def count(action: Callable[[], object]) -> int:
        with capture_queries() as queries:
            action()
        return len(queries)

    return count


def test_comment_takes_as_many_queries_for_many_followers_as_for_few(
    ticket: HelpDeskTicket,
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    count_queries: Callable[[Callable[[], object]], int],
) -> None:
    ticket.services.comment(agent, "First.")
    counts = []
    for more in (1, 30):
        for _ in range(more):
            ticket.services.follow(grant(make_user(), "view"))
        counts.append(count_queries(lambda: ticket.services.comment(agent, "More.")))
    assert counts[0] == counts[1]


def test_status_set_with_a_note_is_known_to_everybody(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "The cable again.", internal=True, status="done")
    status, note = ticket.events.order_by("-pk")[:2][::-1]
    assert (status.changes, status.comment) == ({"status": ["read", "done"]}, None)
    assert note.changes == {"text": [None, "The cable again."]}
    rows = Notification.objects.filter(event__ticket=ticket, channel="in_app")
    assert [(row.recipient, row.event) for row in rows] == [(reporter, status)]


def test_what_was_changed_and_changed_back_is_no_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.start(manager)
    ticket.services.reopen(manager)
    ticket.services.update(agent, drawn_from=drawn, status="done")
    assert ticket.status == "done"


def test_assignee_must_be_able_to_work_whatever_the_instance_says(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.assigned_to = reporter  # as a form does
    with pytest.raises(ValidationError) as caught:
        ticket.services.update(agent, assigned_to=reporter)
    assert set(caught.value.message_dict) == {"assigned_to"}
    assert HelpDeskTicket.objects.get().assigned_to is None


def test_the_same_words_are_said_once_from_one_form(ticket: HelpDeskTicket, agent: Any) -> None:
    drawn = ticket.services.version
    first = ticket.services.comment(agent, "Hello @nobody", drawn_from=drawn)
    again = ticket.services.comment(agent, "Hello @nobody", drawn_from=drawn)
    assert again == first
    assert again.unreached_mentions == ("nobody",)
    ticket.services.comment(agent, "Hello @nobody", internal=True, drawn_from=drawn)
    ticket.services.comment(agent, "Hello @nobody", drawn_from=ticket.services.version)
    assert ticket.comments.count() == 3


def test_a_reply_overwrites_no_status_of_somebody_else(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.complete(manager)
    with pytest.raises(TicketConflictError) as caught:
        ticket.services.comment(agent, "On it.", status="prog", drawn_from=drawn)
    assert caught.value.version == ticket.services.version
    assert ticket.comments.count() == 0
    ticket.services.comment(agent, "Well done.", status="done", drawn_from=drawn)
    assert ticket.comments.count() == 1
