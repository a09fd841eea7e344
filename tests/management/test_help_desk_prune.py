"""`manage.py help_desk_prune`."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from help_desk.management.commands import help_desk_prune
from help_desk.models import Notification, TicketEvent, TicketSubmission

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.models import HelpDeskTicket


def prune(*arguments: str) -> str:
    out = StringIO()
    call_command("help_desk_prune", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def write_row(ticket: HelpDeskTicket, make_user: Callable[..., Any]) -> Callable[..., Notification]:
    """Return a function that writes a row; by default an email sent 100 days ago."""

    def write(*, days: float = 100, **values: Any) -> Notification:
        values = {"channel": "email", "status": "sent", **values}
        return Notification.objects.create(
            event=ticket.events.get(),
            recipient=make_user(),
            created_datetime=timezone.now() - timedelta(days=days),
            **values,
        )

    return write


def test_old_sent_skipped_and_read_notifications_are_deleted(
    write_row: Callable[..., Notification], ticket: HelpDeskTicket
) -> None:
    now = timezone.now()
    write_row()
    write_row(status="skip")
    write_row(channel="in_app", read_datetime=now)
    kept = [
        write_row(days=80),
        write_row(status="wait", due_datetime=now),
        write_row(status="fail"),
        write_row(channel="in_app"),
    ]
    assert prune() == "3 notifications deleted.\n"
    assert list(Notification.objects.order_by("pk")) == kept
    assert TicketEvent.objects.filter(ticket=ticket).exists()


def test_options_set_the_age_and_include_failed_notifications(
    write_row: Callable[..., Notification],
) -> None:
    write_row(days=8)
    write_row(days=8, status="fail")
    kept = [write_row(days=6), write_row(days=8, status="wait", due_datetime=timezone.now())]
    assert prune("--days=7", "--failed") == "2 notifications deleted.\n"
    assert list(Notification.objects.order_by("pk")) == kept


def test_dry_run_deletes_nothing(write_row: Callable[..., Notification]) -> None:
    write_row()
    assert prune("--dry-run") == "1 notifications to delete; nothing was deleted.\n"
    assert Notification.objects.count() == 1


def test_rows_are_deleted_in_batches(
    write_row: Callable[..., Notification],
    monkeypatch: pytest.MonkeyPatch,
    capture_queries: Callable[[], Any],
) -> None:
    monkeypatch.setattr(help_desk_prune, "BATCH_SIZE", 2)
    for number in range(5):
        write_row()
        write_row(days=1 + number)
    with capture_queries() as queries:
        assert prune() == "5 notifications deleted.\n"
    deletes = [query for query in queries if query["sql"].startswith("DELETE")]
    assert len(deletes) == 3
    assert Notification.objects.count() == 5


@pytest.mark.parametrize("days", ["-1", "nan", "inf", "1e+09"])
def test_age_outside_its_range_is_a_command_error(db: None, days: str) -> None:
    message = f"--days must be a number from 0 to 36500, not {days}. For example: 90"
    with pytest.raises(CommandError, match=re.escape(message)):
        prune(f"--days={days}")


def test_form_tokens_older_than_a_week_are_deleted_whatever_the_age(
    ticket: HelpDeskTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(help_desk_prune, "BATCH_SIZE", 2)
    for days in (8, 8, 8, 6):
        TicketSubmission.objects.create(
            user_id=ticket.created_by_id,
            token=uuid4(),
            ticket=ticket,
            created_datetime=timezone.now() - timedelta(days=days),
        )
    assert prune("--days=1000", "--dry-run") == (
        "0 notifications to delete; nothing was deleted.\n"
    )
    assert prune("--days=1000") == "0 notifications deleted.\n3 form tokens deleted.\n"
    assert TicketSubmission.objects.count() == 1
