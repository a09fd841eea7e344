"""Replies, internal notes and edits through the service."""

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
from help_desk.services.flows.comment import add_comment, can_edit_comment
from tests.support.notifications import history, notified

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


# Replies


def test_reply_notifies_the_creator_but_not_its_author(
    ticket: HelpDeskTicket, reporter: Any, agent: Any
) -> None:
    ticket.services.comment(agent, "I am looking at it.")
    assert notified() == {reporter}
    ticket.services.comment(reporter, "Thank you.")
    assert notified() == {agent}


def test_reply_is_recorded_as_an_event_with_its_text(ticket: HelpDeskTicket, agent: Any) -> None:
    comment = ticket.services.comment(agent, "Seen.")
    event = ticket.events.latest("pk")
    assert (event.type, event.actor, event.comment) == (TicketEventType.COMMENT, agent, comment)
    assert event.changes == {"text": [None, "Seen."]}


@pytest.mark.parametrize("text", ["", " \n\t", "nul \x00", "x" * 100_001])
def test_invalid_text_saves_nothing(ticket: HelpDeskTicket, agent: Any, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ticket.services.comment(agent, text, status="done")
    assert set(caught.value.message_dict) == {"text"}
    assert (ticket.comments.count(), len(history(ticket))) == (0, 1)


def test_invalid_status_saves_nothing(ticket: HelpDeskTicket, agent: Any) -> None:
    with pytest.raises(ValidationError):
        ticket.services.comment(agent, "Done.", status="over")
    assert (ticket.comments.count(), len(history(ticket))) == (0, 1)


def test_deleted_ticket_cannot_be_commented_on(ticket: HelpDeskTicket, agent: Any) -> None:
    before = HelpDeskTicket.objects.get(pk=ticket.pk)
    ticket.services.delete(agent)
    with pytest.raises(ValidationError) as caught:
        before.services.comment(agent, "Hello?")
    assert caught.value.code == "deleted"
    assert ticket.comments.count() == 0


def test_done_and_first_response_dates_are_set(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(reporter, "Any news?")
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


def test_same_text_submitted_twice_is_saved_once(ticket: HelpDeskTicket, agent: Any) -> None:
    base = ticket.services.version
    text = "Hello @unknown"
    first = add_comment(ticket, author=agent, text=text, base_version=base)
    second = add_comment(ticket, author=agent, text=text, base_version=base)
    assert second.comment == first.comment
    assert second.unreached_mentions == first.unreached_mentions == ("unknown",)
    ticket.services.comment(agent, text, internal=True, base_version=base)
    ticket.services.comment(agent, text, base_version=ticket.services.version)
    assert ticket.comments.count() == 3


def test_same_text_by_another_author_is_another_reply(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base = ticket.services.version
    ticket.services.comment(agent, "+1", base_version=base)
    ticket.services.comment(manager, "+1", base_version=base)
    assert ticket.comments.count() == 2


def test_reply_with_a_status_that_someone_else_changed_is_a_conflict(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    base = ticket.services.version
    ticket.services.complete(manager)
    with pytest.raises(TicketConflictError) as caught:
        ticket.services.comment(agent, "On it.", status="prog", base_version=base)
    assert caught.value.version == ticket.services.version
    assert ticket.comments.count() == 0
    ticket.services.comment(agent, "Well done.", status="done", base_version=base)
    assert ticket.comments.count() == 1


# Notes


def test_note_notifies_only_users_with_the_change_permission(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.follow(manager)
    ticket.services.follow(reporter)
    ticket.services.comment(agent, "The cable again.", internal=True)
    assert notified() == {manager}
    assert notified("email") <= {manager}


def test_note_requires_the_change_permission(ticket: HelpDeskTicket, reporter: Any) -> None:
    with pytest.raises(PermissionDenied):
        ticket.services.comment(reporter, "What cable?", internal=True)
    assert ticket.comments.count() == 0


def test_status_set_with_a_note_is_a_separate_public_event(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.comment(agent, "The cable again.", internal=True, status="done")
    status, note = ticket.events.order_by("-pk")[:2][::-1]
    assert (status.changes, status.comment) == ({"status": ["read", "done"]}, None)
    assert note.changes == {"text": [None, "The cable again."]}
    rows = Notification.objects.filter(event__ticket=ticket, channel="in_app")
    assert [(row.recipient, row.event) for row in rows] == [(reporter, status)]


# Edits


def age(comment: TicketComment, seconds: float) -> TicketComment:
    """Backdate a comment."""
    created = timezone.now() - timedelta(seconds=seconds)
    TicketComment.objects.filter(pk=comment.pk).update(created_datetime=created)
    return TicketComment.objects.get(pk=comment.pk)


def test_author_can_edit_for_a_limited_time_and_history_keeps_the_old_text(
    ticket: HelpDeskTicket, agent: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "COMMENT_EDIT_TIME": 60}
    comment = age(ticket.services.comment(agent, "Now it woks."), 50)
    assert ticket.services.edit_comment(comment, "Now it works.", actor=agent) is comment
    assert (comment.text, comment.edited_datetime is None) == ("Now it works.", False)
    comment = age(comment, 61)
    assert comment.text == "Now it works."
    with pytest.raises(PermissionDenied):
        ticket.services.edit_comment(comment, "Never.", actor=agent)
    event = ticket.events.latest("pk")
    assert (event.type, event.comment) == (TicketEventType.UPDATE, comment)
    assert event.changes == {"text": ["Now it woks.", "Now it works."]}
    assert notified(event=event) == set()


def test_edit_without_a_change_is_not_recorded(ticket: HelpDeskTicket, agent: Any) -> None:
    comment = ticket.services.comment(agent, "Fine.")
    ticket.services.edit_comment(comment, "Fine.", actor=agent)
    assert comment.edited_datetime is None
    assert len(history(ticket)) == 2


def test_invalid_edit_saves_nothing(ticket: HelpDeskTicket, agent: Any) -> None:
    comment = ticket.services.comment(agent, "Fine.")
    with pytest.raises(ValidationError):
        ticket.services.edit_comment(comment, " ", actor=agent)
    comment.refresh_from_db()
    assert (comment.text, comment.edited_datetime) == ("Fine.", None)


def test_comment_of_another_ticket_cannot_be_edited(
    ticket: HelpDeskTicket, make_ticket: Callable[..., HelpDeskTicket], agent: Any
) -> None:
    elsewhere = make_ticket().services.comment(agent, "Elsewhere.")
    with pytest.raises(TicketComment.DoesNotExist):
        ticket.services.edit_comment(elsewhere, "Here.", actor=agent)
    assert len(history(ticket)) == 1


def test_only_the_author_can_edit(ticket: HelpDeskTicket, agent: Any, manager: Any) -> None:
    comment = ticket.services.comment(agent, "Mine.")
    assert can_edit_comment(comment, agent)
    assert not can_edit_comment(comment, manager)
    with pytest.raises(PermissionDenied):
        ticket.services.edit_comment(comment, "Mine!", actor=manager)


def test_comment_of_a_deleted_user_is_kept_and_cannot_be_edited(
    ticket: HelpDeskTicket, make_user: Callable[..., Any]
) -> None:
    author = make_user()
    comment = ticket.services.comment(author, "Farewell.")
    author.delete()
    comment.refresh_from_db()
    assert comment.author is None
    assert not can_edit_comment(comment, AnonymousUser())


def test_author_who_lost_the_change_permission_cannot_edit_a_note(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    note = ticket.services.comment(agent, "The cable.", internal=True)
    agent.user_permissions.clear()
    former = type(agent)._default_manager.get(pk=agent.pk)
    with pytest.raises(PermissionDenied):
        ticket.services.edit_comment(note, "The other cable.", actor=former)


# Queries


def count_statements(queries: CaptureQueriesContext) -> int:
    """Count an INSERT that the database splits at its limit as one statement."""
    inserts = [query["sql"] for query in queries if "INSERT INTO" in query["sql"]]
    parts = [sql for sql in inserts if "django_spire_help_desk_notification" in sql]
    return len(queries) - max(0, len(parts) - 1)


def test_number_of_queries_does_not_depend_on_the_number_of_followers(
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
        reached = len(notified())
        with capture_queries() as assign:
            ticket.services.assign(manager, actor=agent)
        with capture_queries() as update:
            ticket.services.update(agent, **changes)
        ticket.services.assign(None, actor=agent)
        counts.append([count_statements(queries) for queries in (comment, assign, update)])
    assert reached >= 300
    assert counts[0] == counts[1]


def test_status_set_with_a_reply_to_a_known_version_is_changed(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    version = ticket.events.latest("pk").pk
    ticket.services.comment(agent, "Done.", status="done", base_version=version)
    assert HelpDeskTicket.objects.get(pk=ticket.pk).status == "done"


def test_author_of_a_note_is_the_actor_of_its_change_of_status(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    ticket.services.comment(agent, "Internal.", internal=True, status="done")
    events = ticket.events.exclude(type="new").oldest_first()
    assert [(event.type, event.actor) for event in events] == [
        ("update", agent),
        ("comment", agent),
    ]


def test_actor_of_an_edit_is_recorded(ticket: HelpDeskTicket, agent: Any) -> None:
    comment = ticket.services.comment(agent, "Hello.")
    ticket.services.edit_comment(comment, "Hello!", actor=agent)
    event = ticket.events.latest("pk")
    assert (event.actor, event.changes) == (agent, {"text": ["Hello.", "Hello!"]})


def test_repeated_reply_with_another_status_changes_the_status_only(
    ticket: HelpDeskTicket, agent: Any
) -> None:
    version = ticket.events.latest("pk").pk
    first = ticket.services.comment(agent, "Hello.", base_version=version)
    again = ticket.services.comment(agent, "Hello.", status="done", base_version=version)
    assert again == first
    event = ticket.events.latest("pk")
    assert (event.actor, event.changes) == (agent, {"status": ["read", "done"]})


def test_same_text_on_another_ticket_is_another_reply(
    make_ticket: Callable[..., HelpDeskTicket], agent: Any
) -> None:
    first, second = make_ticket(), make_ticket()
    version = second.events.latest("pk").pk
    first.services.comment(agent, "Hello.")
    second.services.comment(agent, "Hello.", base_version=version)
    assert second.comments.count() == 1
