"""Replies, notes and corrections, through the service."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from help_desk.enums import TicketEventType
from help_desk.exceptions import TicketConflictError
from help_desk.models import HelpDeskTicket, Notification, TicketComment
from help_desk.services.conversation import can_edit_comment
from tests.support.telling import history, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


# Replies


def test_reply_reaches_the_creator_and_not_its_author(
    ticket: HelpDeskTicket, reporter: Any, agent: Any
) -> None:
    ticket.services.comment(agent, "I am looking at it.")
    assert told() == {reporter}
    ticket.services.comment(reporter, "Thank you.")
    assert told() == {agent}


def test_reply_is_an_event_with_what_was_said(ticket: HelpDeskTicket, agent: Any) -> None:
    comment = ticket.services.comment(agent, "Seen.")
    event = ticket.events.latest("pk")
    assert (event.type, event.actor, event.comment) == (TicketEventType.COMMENT, agent, comment)
    assert event.changes == {"text": [None, "Seen."]}


@pytest.mark.parametrize("text", ["", " \n\t", "nul \x00", "x" * 100_001])
def test_text_that_cannot_be_is_refused_and_nothing_written(
    ticket: HelpDeskTicket, agent: Any, text: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        ticket.services.comment(agent, text, status="done")
    assert set(caught.value.message_dict) == {"text"}
    assert (ticket.comments.count(), len(history(ticket))) == (0, 1)


def test_status_that_cannot_be_is_refused_and_nothing_written(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    with pytest.raises(ValidationError):
        ticket.services.comment(agent, "Done.", status="over")
    assert (ticket.comments.count(), len(history(ticket))) == (0, 1)


def test_nothing_is_said_on_a_deleted_ticket(ticket: HelpDeskTicket, agent: Any) -> None:
    before = HelpDeskTicket.objects.get(pk=ticket.pk)
    ticket.services.delete(agent)
    with pytest.raises(ValidationError) as caught:
        before.services.comment(agent, "Hello?")
    assert caught.value.code == "deleted"
    assert ticket.comments.count() == 0


def test_done_and_first_response_are_noted_and_survive_in_history(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(reporter, "Anybody?")
    ticket.services.comment(agent, "What may it be?", internal=True)
    assert ticket.first_response_datetime is None
    ticket.services.comment(agent, "Seen.")
    first = ticket.first_response_datetime
    assert first is not None
    ticket.services.comment(agent, "And done.", status="done")
    done = ticket.done_datetime
    assert done is not None
    ticket.services.reopen(agent)
    ticket.refresh_from_db()
    assert (ticket.done_datetime, ticket.first_response_datetime) == (None, first)
    event = ticket.events.filter(type=TicketEventType.COMMENT).latest("pk")
    assert event.changes["status"] == ["read", "done"]
    assert abs(event.created_datetime - done) < timedelta(seconds=10)


def test_same_text_sent_again_from_the_same_page_is_written_once(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    drawn = ticket.services.version
    first = ticket.services.comment(agent, "Hello @nobody", base_version=drawn)
    again = ticket.services.comment(agent, "Hello @nobody", base_version=drawn)
    assert again == first
    assert again.unreached_mentions == ("nobody",)
    ticket.services.comment(agent, "Hello @nobody", internal=True, base_version=drawn)
    ticket.services.comment(agent, "Hello @nobody", base_version=ticket.services.version)
    assert ticket.comments.count() == 3


def test_same_text_of_somebody_else_is_a_reply_of_its_own(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.comment(agent, "+1", base_version=drawn)
    ticket.services.comment(manager, "+1", base_version=drawn)
    assert ticket.comments.count() == 2


def test_a_reply_overwrites_no_status_of_somebody_else(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    drawn = ticket.services.version
    ticket.services.complete(manager)
    with pytest.raises(TicketConflictError) as caught:
        ticket.services.comment(agent, "On it.", status="prog", base_version=drawn)
    assert caught.value.version == ticket.services.version
    assert ticket.comments.count() == 0
    ticket.services.comment(agent, "Well done.", status="done", base_version=drawn)
    assert ticket.comments.count() == 1


# Notes


def test_note_reaches_only_those_who_may_change(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.follow(manager)
    ticket.services.follow(reporter)
    ticket.services.comment(agent, "The cable again.", internal=True)
    assert told() == {manager}
    assert told("email") <= {manager}


def test_note_is_written_by_those_who_may_change_only(
    ticket: HelpDeskTicket, reporter: Any
) -> None:
    with pytest.raises(PermissionDenied):
        ticket.services.comment(reporter, "What cable?", internal=True)
    assert ticket.comments.count() == 0


def test_status_set_with_a_note_is_known_to_everybody_and_the_note_is_not(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "The cable again.", internal=True, status="done")
    status, note = ticket.events.order_by("-pk")[:2][::-1]
    assert (status.changes, status.comment) == ({"status": ["read", "done"]}, None)
    assert note.changes == {"text": [None, "The cable again."]}
    rows = Notification.objects.filter(event__ticket=ticket, channel="in_app")
    assert [(row.recipient, row.event) for row in rows] == [(reporter, status)]


# Corrections


def age(comment: TicketComment, seconds: float) -> TicketComment:
    written = timezone.now() - timedelta(seconds=seconds)
    TicketComment.objects.filter(pk=comment.pk).update(created_datetime=written)
    return TicketComment.objects.get(pk=comment.pk)


def test_author_corrects_for_a_while_and_history_keeps_what_it_said(
    ticket: HelpDeskTicket, agent: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "COMMENT_EDIT_TIME": 60}
    comment = age(ticket.services.comment(agent, "Now it woks."), 50)
    assert ticket.services.edit_comment(comment, agent, "Now it works.") is comment
    assert (comment.text, comment.edited_datetime is None) == ("Now it works.", False)
    comment = age(comment, 61)
    assert comment.text == "Now it works."
    with pytest.raises(PermissionDenied):
        ticket.services.edit_comment(comment, agent, "Never.")
    event = ticket.events.latest("pk")
    assert (event.type, event.comment) == (TicketEventType.UPDATE, comment)
    assert event.changes == {"text": ["Now it woks.", "Now it works."]}
    assert told(event=event) == set()


def test_correction_that_changes_nothing_leaves_no_mark(ticket: HelpDeskTicket, agent: Any) -> None:
    comment = ticket.services.comment(agent, "Fine.")
    ticket.services.edit_comment(comment, agent, "Fine.")
    assert comment.edited_datetime is None
    assert len(history(ticket)) == 2


def test_correction_that_cannot_be_is_refused_and_nothing_written(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    comment = ticket.services.comment(agent, "Fine.")
    with pytest.raises(ValidationError):
        ticket.services.edit_comment(comment, agent, " ")
    comment.refresh_from_db()
    assert (comment.text, comment.edited_datetime) == ("Fine.", None)


def test_comment_of_another_ticket_is_not_corrected_on_this_one(
    ticket: HelpDeskTicket, make_ticket: Callable[..., HelpDeskTicket], agent: Any
) -> None:
    elsewhere = make_ticket().services.comment(agent, "Elsewhere.")
    with pytest.raises(TicketComment.DoesNotExist):
        ticket.services.edit_comment(elsewhere, agent, "Here.")
    assert len(history(ticket)) == 1


def test_nobody_else_corrects(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    comment = ticket.services.comment(agent, "Mine.")
    assert can_edit_comment(comment, agent)
    assert not can_edit_comment(comment, manager)
    with pytest.raises(PermissionDenied):
        ticket.services.edit_comment(comment, manager, "Mine!")


def test_comment_of_an_erased_account_is_nobodys(
    ticket: HelpDeskTicket, make_user: Callable[..., Any]
) -> None:
    author = make_user()
    comment = ticket.services.comment(author, "Farewell.")
    author.delete()
    comment.refresh_from_db()
    assert comment.author is None
    assert not can_edit_comment(comment, AnonymousUser())


def test_note_is_not_corrected_by_who_may_not_read_notes_any_more(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    note = ticket.services.comment(agent, "The cable.", internal=True)
    agent.user_permissions.clear()
    former = type(agent)._default_manager.get(pk=agent.pk)
    with pytest.raises(PermissionDenied):
        ticket.services.edit_comment(note, former, "The other cable.")


# Queries


def statements(queries: CaptureQueriesContext) -> int:
    """How many there were; an insert that the database's own limit divides is one."""
    told = [query["sql"] for query in queries if "INSERT INTO" in query["sql"]]
    parts = [sql for sql in told if "django_spire_help_desk_notification" in sql]
    return len(queries) - max(0, len(parts) - 1)


def test_as_many_queries_for_many_followers_as_for_few(
    ticket: HelpDeskTicket,
    agent: Any,
    manager: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    capture_queries: Callable[[], Any],
) -> None:
    counts = []
    for more, changes in (
        (10, {"status": "prog", "priority": "urge"}),
        (290, {"status": "done", "priority": "low"}),
    ):
        for _ in range(more):
            ticket.services.follow(grant(make_user(), "view"))
        with capture_queries() as comment:
            ticket.services.comment(agent, f"More for {manager.get_username()}.")
        reached = len(told())
        with capture_queries() as assign:
            ticket.services.assign(manager, actor=agent)
        with capture_queries() as update:
            ticket.services.update(agent, **changes)
        ticket.services.assign(None, actor=agent)
        counts.append([statements(queries) for queries in (comment, assign, update)])
    assert reached >= 300
    assert counts[0] == counts[1]
