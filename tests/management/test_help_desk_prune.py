"""`manage.py help_desk_prune`."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from help_desk.management.commands import help_desk_prune
from help_desk.models import Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.models import HelpDeskTicket


def prune(*arguments: str) -> str:
    out = StringIO()
    call_command("help_desk_prune", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def write(ticket: HelpDeskTicket, make_user: Callable[..., Any]) -> Callable[..., Notification]:
    """Writes one row; by default one that was sent by e-mail 100 days ago."""

    def make(*, days: float = 100, **values: Any) -> Notification:
        values = {"channel": "email", "status": "sent", **values}
        return Notification.objects.create(
            event=ticket.events.get(),
            recipient=make_user(),
            created_datetime=timezone.now() - timedelta(days=days),
            **values,
        )

    return make


def test_only_what_is_old_and_done_goes(
    write: Callable[..., Notification], ticket: HelpDeskTicket
) -> None:
    now = timezone.now()
    write()
    write(status="skip")
    write(channel="in_app", read_datetime=now)
    kept = [
        write(days=80),
        write(status="wait", due_datetime=now),
        write(status="fail"),
        write(channel="in_app"),
    ]
    assert prune() == "3 notifications deleted.\n"
    assert list(Notification.objects.order_by("pk")) == kept
    assert TicketEvent.objects.filter(ticket=ticket).exists()


def test_age_and_what_failed_can_be_chosen(write: Callable[..., Notification]) -> None:
    write(days=8)
    write(days=8, status="fail")
    kept = [write(days=6), write(days=8, status="wait", due_datetime=timezone.now())]
    assert prune("--days=7", "--failed") == "2 notifications deleted.\n"
    assert list(Notification.objects.order_by("pk")) == kept


def test_dry_run_deletes_nothing(write: Callable[..., Notification]) -> None:
    write()
    assert prune("--dry-run") == "1 notifications to delete; nothing was deleted.\n"
    assert Notification.objects.count() == 1


def test_rows_go_in_batches(
    write: Callable[..., Notification],
    monkeypatch: pytest.MonkeyPatch,
    capture_queries: Callable[[], Any],
) -> None:
    monkeypatch.setattr(help_desk_prune, "BATCH_SIZE", 2)
    for number in range(5):
        write()
        write(days=1 + number)
    with capture_queries() as queries:
        assert prune() == "5 notifications deleted.\n"
    deletes = [query for query in queries if query["sql"].startswith("DELETE")]
    assert len(deletes) == 3
    assert Notification.objects.count() == 5


def test_age_must_be_an_age(db: None) -> None:
    with pytest.raises(CommandError, match="write how many days old"):
        prune("--days=-1")
