"""Limits per hour, which a caller of the services has to ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from help_desk.exceptions import RateLimitError
from help_desk.models import HelpDeskTicket, TicketEvent, TicketFollower
from help_desk.services.flows.comment import add_comment
from help_desk.services.flows.create import create_ticket

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = {"purpose": "app", "priority": "high", "description": "The dashboard hangs."}


@pytest.fixture
def limit(settings: Any) -> Callable[..., None]:
    """Set limits per hour: `limit(TICKETS=2)`."""

    def set_limits(**limits: int | None) -> None:
        by_name = {f"MAX_{name}_PER_HOUR": value for name, value in limits.items()}
        settings.HELP_DESK = {**settings.HELP_DESK, **by_name}

    return set_limits


@pytest.fixture
def names(make_user: Callable[..., Any], grant: Callable[..., Any]) -> list[str]:
    """Names of five users who can view tickets."""
    users = [grant(make_user(name=f"viewer{number}"), "view") for number in range(5)]
    return [user.get_username() for user in users]


def test_calls_are_not_limited_unless_they_ask_for_it(
    limit: Callable[..., None], reporter: Any, names: list[str]
) -> None:
    limit(TICKETS=1, REPLIES=1, MENTIONS=1)
    text = " ".join(f"@{name}" for name in names)
    for _time in range(3):
        ticket = HelpDeskTicket.services.create(reporter, **{**FIELDS, "description": text})
        ticket.services.comment(reporter, text)
    assert TicketFollower.objects.exclude(user=reporter).count() == 15


def test_ticket_over_the_limit_is_a_validation_error_that_says_when_to_try_again(
    limit: Callable[..., None], reporter: Any
) -> None:
    limit(TICKETS=1)
    first = HelpDeskTicket.services.create(reporter, enforce_limits=True, **FIELDS)
    ticket = HelpDeskTicket()
    with pytest.raises(ValidationError) as caught:
        ticket.services.create(reporter, enforce_limits=True, **FIELDS)
    error = caught.value
    assert isinstance(error, RateLimitError)
    assert error.code == "rate_limited"
    assert error.retry_datetime == first.created_datetime + timedelta(hours=1)
    assert (ticket.pk, ticket._state.adding) == (None, True)
    assert HelpDeskTicket.objects.count() == 1


def test_reply_over_the_limit_saves_nothing_of_it(
    limit: Callable[..., None], ticket: HelpDeskTicket, reporter: Any, make_ticket: Any
) -> None:
    limit(REPLIES=1)
    make_ticket().services.comment(reporter, "Elsewhere.", enforce_limits=True)
    with pytest.raises(RateLimitError) as caught:
        ticket.services.comment(reporter, "Here.", status="done", enforce_limits=True)
    assert caught.value.code == "rate_limited"
    ticket.refresh_from_db()
    assert (ticket.status, ticket.comments.count(), ticket.events.count()) == ("read", 0, 1)


def test_edits_do_not_count_as_replies(
    limit: Callable[..., None], ticket: HelpDeskTicket, reporter: Any
) -> None:
    limit(REPLIES=2)
    comment = ticket.services.comment(reporter, "1", enforce_limits=True)
    ticket.services.edit_comment(comment, "2", actor=reporter)
    ticket.services.comment(reporter, "3", enforce_limits=True)


def test_editing_a_comment_subscribes_no_one(
    ticket: HelpDeskTicket, reporter: Any, names: list[str]
) -> None:
    comment = ticket.services.comment(reporter, "1")
    ticket.services.edit_comment(comment, f"@{names[0]}", actor=reporter)
    assert [row.user for row in TicketFollower.objects.all()] == [reporter]


def test_mentions_over_the_limit_have_no_effect_and_are_returned(
    limit: Callable[..., None], reporter: Any, names: list[str]
) -> None:
    limit(MENTIONS=2)
    text = " ".join(f"@{name}" for name in [*reversed(names), "unknown"])
    result = create_ticket(
        HelpDeskTicket(),
        created_by=reporter,
        enforce_limits=True,
        **{**FIELDS, "description": text},
    )
    assert result.unreached_mentions == ("unknown",)
    assert result.mentions_over_limit is not None
    assert result.mentions_over_limit.names == (names[2], names[1], names[0])
    assert result.mentions_over_limit.limit == 2
    followers = [row.user.get_username() for row in result.ticket.followers.order_by("pk")]
    assert followers == [names[4], names[3]]


def test_mentions_of_earlier_replies_count_until_an_hour_after_them(
    limit: Callable[..., None], ticket: HelpDeskTicket, reporter: Any, names: list[str]
) -> None:
    limit(MENTIONS=1)
    add_comment(ticket, author=reporter, text=f"@{names[0]}", enforce_limits=True)
    first = TicketFollower.objects.get(added_by=reporter)
    result = add_comment(ticket, author=reporter, text=f"@{names[1]}", enforce_limits=True)
    assert result.mentions_over_limit is not None
    assert result.mentions_over_limit.names == (names[1],)
    assert result.mentions_over_limit.retry_datetime == first.created_datetime + timedelta(hours=1)


def test_creator_assignee_and_author_can_be_mentioned_at_the_limit(
    limit: Callable[..., None],
    ticket: HelpDeskTicket,
    agent: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    names: list[str],
) -> None:
    limit(MENTIONS=1)
    author = grant(make_user(), "view")
    ticket.services.assign(agent, actor=None)
    add_comment(ticket, author=author, text=f"@{names[0]}", enforce_limits=True)
    users = (ticket.created_by, agent, author)
    text = " ".join(f"@{user.get_username()}" for user in users)
    result = add_comment(ticket, author=author, text=text, enforce_limits=True)
    assert result.mentions_over_limit is None


def test_rows_older_than_an_hour_do_not_count(
    limit: Callable[..., None], ticket: HelpDeskTicket, reporter: Any, names: list[str]
) -> None:
    limit(REPLIES=1, MENTIONS=1)
    ticket.services.comment(reporter, f"@{names[0]}", enforce_limits=True)
    old = timezone.now() - timedelta(minutes=61)
    TicketEvent.objects.write(created_datetime=old)
    TicketFollower.objects.update(created_datetime=old)
    result = add_comment(ticket, author=reporter, text=f"@{names[1]}", enforce_limits=True)
    assert result.mentions_over_limit is None


def test_number_of_queries_does_not_depend_on_mentions_or_recent_rows(
    reporter: Any, names: list[str], capture_queries: Callable[[], Any]
) -> None:
    def count_queries(mentioned: list[str], **options: Any) -> int:
        text = " ".join(f"@{name}" for name in mentioned)
        with capture_queries() as queries:
            create_ticket(
                HelpDeskTicket(),
                created_by=reporter,
                **{**FIELDS, "description": text or "Jams."},
                **options,
            )
        return len(queries)

    count_queries([], enforce_limits=True)  # fills the user's cache of permissions
    assert count_queries([], enforce_limits=True) == count_queries([]) + 1
    few = count_queries(names[:1], enforce_limits=True)
    assert few == count_queries(names[:1]) + 3
    assert count_queries(names, enforce_limits=True) == few
