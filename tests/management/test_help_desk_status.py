"""`manage.py help_desk_status`."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone

from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.models import HelpDeskTicket


def status(*arguments: str) -> str:
    out = StringIO()
    call_command("help_desk_status", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def waiting(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> Callable[[timedelta], int]:
    """Has e-mails wait since a while ago; says how many."""

    def wait(age: timedelta) -> int:
        create_ticket(created_by=reporter)
        rows = Notification.objects.waiting()
        return rows.write(scheduled_datetime=timezone.now() - age)

    return wait


def test_nothing_waits_and_nothing_ran(db: None) -> None:
    out = status()
    assert "0, of which 0 are due" in out
    assert "Last run       none" in out
    assert json.loads(status("--json")) == {
        "waiting": 0,
        "due": 0,
        "failed": 0,
        "oldest_seconds": None,
        "alarm": False,
        "runs": {},
    }


def test_what_waits_what_failed_and_what_ran_is_said(
    waiting: Callable[[timedelta], int],
) -> None:
    total = waiting(timedelta(minutes=5, seconds=1))
    failed = Notification.objects.waiting().first()
    assert failed is not None
    Notification.objects.filter(pk=failed.pk).write(status="fail", due_datetime=None)
    out = status()
    assert f"{total - 1}, of which {total - 1} are due" in out
    assert "Failed         1" in out
    assert "Oldest waiting 5 min 1 s" in out
    call_command("help_desk_deliver", stdout=StringIO())
    assert f"Last command   0 s ago: {total - 1} sent" in status()
    said = json.loads(status("--json"))
    assert (said["waiting"], said["failed"], said["oldest_seconds"]) == (0, 1, None)
    assert said["runs"]["command"]["sent"] == total - 1


@pytest.mark.parametrize(
    ("options", "minutes"), [([], 61), (["--max-age=60"], 2)], ids=["setting", "option"]
)
def test_too_long_a_wait_is_an_error_for_monitoring(
    waiting: Callable[[timedelta], int], options: list[str], minutes: int
) -> None:
    waiting(timedelta(minutes=minutes))
    with pytest.raises(CommandError, match="The oldest has waited for ") as caught:
        status(*options)
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    ("options", "minutes"), [([], 59), (["--max-age=600"], 2)], ids=["setting", "option"]
)
def test_short_wait_is_none(
    waiting: Callable[[timedelta], int], options: list[str], minutes: int
) -> None:
    waiting(timedelta(minutes=minutes))
    assert json.loads(status("--json", *options))["alarm"] is False


def test_row_that_is_tried_again_and_again_is_late_all_the_same(
    waiting: Callable[[timedelta], int], settings: Any
) -> None:
    waiting(timedelta(hours=2))
    down = ["tests.support.channels.BlockedChannel"]
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": down}
    call_command("help_desk_deliver", stdout=StringIO())
    assert not Notification.objects.due(timezone.now()).exists()
    with pytest.raises(CommandError, match="2 h"):
        status()


def test_what_is_meant_for_tomorrow_is_not_late(waiting: Callable[[timedelta], int]) -> None:
    waiting(timedelta(hours=-10))
    Notification.objects.waiting().write(
        created_datetime=timezone.now() - timedelta(hours=10),
        due_datetime=timezone.now() + timedelta(hours=10),
    )
    assert json.loads(status("--json"))["oldest_seconds"] is None


def test_unusable_database_is_a_clear_error(db: None, database_alias: str) -> None:
    def fail(*arguments: Any) -> None:
        message = "the server closed the connection"
        raise OperationalError(message)

    with (
        connections[database_alias].execute_wrapper(fail),
        pytest.raises(CommandError, match="The database cannot be used: the server closed"),
    ):
        status()
