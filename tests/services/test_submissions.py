"""`create_ticket()` with the token of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from help_desk.models import HelpDeskTicket, TicketSubmission
from help_desk.services.flows.create import create_ticket

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from help_desk.services.flows.create import CreateResult

FIELDS = {"purpose": "app", "priority": "high", "description": "The dashboard hangs."}


def submit(user: Any, token: UUID | None, **changes: Any) -> CreateResult:
    return create_ticket(
        HelpDeskTicket(), created_by=user, submission_token=token, **{**FIELDS, **changes}
    )


def test_second_call_returns_the_first_ticket(reporter: Any, manager: Any) -> None:
    token = uuid4()
    first = submit(reporter, token, assigned_to=manager).ticket
    assert submit(reporter, token, assigned_to=manager).ticket == first
    assert first.events.count() == 2
    assert HelpDeskTicket.objects.count() == 1


def test_calls_without_a_token_create_a_ticket_each(reporter: Any) -> None:
    assert submit(reporter, None).ticket != submit(reporter, None).ticket
    assert TicketSubmission.objects.count() == 0


@pytest.mark.parametrize(
    "changes",
    [{"priority": "low"}, {"description": "Something else."}],
    ids=str,
)
def test_other_values_with_a_used_token_are_an_error(
    reporter: Any, changes: dict[str, str]
) -> None:
    token = uuid4()
    submit(reporter, token)
    with pytest.raises(ValidationError) as caught:
        submit(reporter, token, **changes)
    assert caught.value.code == "already_submitted"
    assert HelpDeskTicket.objects.count() == 1


def test_token_is_not_used_up_by_an_error(reporter: Any, settings: Any) -> None:
    token = uuid4()
    with pytest.raises(ValidationError):
        submit(reporter, token, purpose="")
    backends = settings.AUTHENTICATION_BACKENDS
    settings.AUTHENTICATION_BACKENDS = ["tests.support.backends.BrokenBackend"]
    with pytest.raises(ConnectionError):
        submit(reporter, token)
    settings.AUTHENTICATION_BACKENDS = backends
    assert TicketSubmission.objects.count() == 0
    assert submit(reporter, token).ticket == HelpDeskTicket.objects.get()


def test_token_takes_two_queries(reporter: Any, capture_queries: Callable[[], Any]) -> None:
    def count_queries(token: UUID | None) -> int:
        with capture_queries() as queries:
            submit(reporter, token)
        return len(queries)

    count_queries(None)
    assert count_queries(uuid4()) == count_queries(None) + 2
