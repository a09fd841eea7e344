"""`manage.py help_desk_status`."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone

from help_desk.models import Notification
from tests.support.delivery import Clock, update_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.models import HelpDeskTicket


def status(*arguments: str) -> str:
    out = StringIO()
    call_command("help_desk_status", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def create_overdue(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> Callable[[timedelta], int]:
    """Return a function that creates emails overdue by some time, and returns their number."""

    def create(delay: timedelta) -> int:
        create_ticket(created_by=reporter)
        rows = Notification.objects.waiting()
        return rows.write(scheduled_datetime=timezone.now() - delay)

    return create


def test_empty_outbox_without_runs(db: None) -> None:
    assert status().splitlines() == [
        "Waiting        0 (0 due)",
        "Failed         0",
        "Oldest delay   none",
        "Last run       never",
    ]
    assert json.loads(status("--json")) == {
        "waiting": 0,
        "due": 0,
        "failed": 0,
        "max_delay_seconds": None,
        "late": False,
        "runs": {},
        "pauses": {},
    }


def test_waiting_and_failed_notifications_and_runs_are_shown(
    create_overdue: Callable[[timedelta], int],
) -> None:
    total = create_overdue(timedelta(minutes=5, seconds=1))
    failed = Notification.objects.waiting().first()
    assert failed is not None
    Notification.objects.filter(pk=failed.pk).write(status="fail", due_datetime=None)
    out = status()
    assert f"Waiting        {total - 1} ({total - 1} due)" in out
    assert "Failed         1" in out
    assert "Oldest delay   5 min 1 s" in out
    call_command("help_desk_deliver", stdout=StringIO())
    assert f"Last command   0 s ago: {total - 1} sent" in status()
    output = json.loads(status("--json"))
    assert (output["waiting"], output["failed"], output["max_delay_seconds"]) == (0, 1, None)
    assert output["runs"]["command"]["sent"] == total - 1


@pytest.mark.parametrize(
    ("options", "minutes"), [([], 61), (["--max-age=60"], 2)], ids=["setting", "option"]
)
def test_delay_beyond_the_limit_exits_with_code_1(
    create_overdue: Callable[[timedelta], int], options: list[str], minutes: int
) -> None:
    create_overdue(timedelta(minutes=minutes))
    with pytest.raises(CommandError, match="A notification is overdue by ") as caught:
        status(*options)
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    ("options", "minutes"), [([], 59), (["--max-age=600"], 2)], ids=["setting", "option"]
)
def test_delay_within_the_limit_is_not_late(
    create_overdue: Callable[[timedelta], int], options: list[str], minutes: int
) -> None:
    create_overdue(timedelta(minutes=minutes))
    assert json.loads(status("--json", *options))["late"] is False


def test_unavailable_channel_is_shown_with_its_error_and_next_attempt(
    create_overdue: Callable[[timedelta], int],
    mail_server: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_overdue(timedelta(0))
    clock = Clock(monkeypatch)
    mail_server.opening = ConnectionRefusedError("Connection refused")
    call_command("help_desk_deliver", stdout=StringIO())
    clock.advance(timedelta(seconds=20))
    error = "Cannot connect to the mail server (connection refused)."
    assert f"Unavailable    email for 20 s, next attempt in 40 s: {error}\n" in status()
    pause = json.loads(status("--json"))["pauses"]["email"]
    assert pause["error"] == error
    assert pause["started"] < pause["until"]
    clock.advance(timedelta(seconds=41))
    assert "Unavailable    email for 1 min 1 s, next attempt by the next run: " in status()
    mail_server.opening = None
    update_waiting(due_datetime=clock.now)
    call_command("help_desk_deliver", stdout=StringIO())
    assert "Unavailable" not in status()


def test_deferred_notification_stays_late(
    create_overdue: Callable[[timedelta], int], settings: Any
) -> None:
    create_overdue(timedelta(hours=2))
    down = ["tests.support.channels.UnavailableChannel"]
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": down}
    call_command("help_desk_deliver", stdout=StringIO())
    assert not Notification.objects.due(timezone.now()).exists()
    with pytest.raises(CommandError, match="2 h"):
        status()


def test_notification_scheduled_for_later_is_not_late(
    create_overdue: Callable[[timedelta], int],
) -> None:
    create_overdue(timedelta(hours=-10))
    Notification.objects.waiting().write(
        created_datetime=timezone.now() - timedelta(hours=10),
        due_datetime=timezone.now() + timedelta(hours=10),
    )
    assert json.loads(status("--json"))["max_delay_seconds"] is None


def test_database_error_is_a_command_error(db: None, database_alias: str) -> None:
    def fail(*arguments: Any) -> None:
        message = "the server closed the connection"
        raise OperationalError(message)

    with (
        connections[database_alias].execute_wrapper(fail),
        pytest.raises(CommandError, match="Cannot use the database: the server closed"),
    ):
        status()


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1"])
def test_max_age_outside_its_range_is_a_command_error(db: None, seconds: str) -> None:
    message = f"--max-age must be a number from 0 to 31536000, not {seconds}. For example: 3600"
    with pytest.raises(CommandError, match=re.escape(message)):
        status(f"--max-age={seconds}")
