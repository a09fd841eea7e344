"""The checks of delivery."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.core import checks
from django.utils import timezone

from help_desk.checks.delivery import check_delivery, check_overdue
from help_desk.models import Notification
from tests.support.isolated import run_in_new_host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from help_desk.models import HelpDeskTicket

FRAMEWORK = "django.tasks" if django.VERSION >= (6,) else "django_tasks"


def ids(messages: list[checks.CheckMessage]) -> list[str | None]:
    return [message.id for message in messages]


def test_unknown_delivery_mode_is_reported_with_the_modes(settings: Any) -> None:
    settings.HELP_DESK = {"DELIVERY": "cron"}
    assert check_delivery() == [
        checks.Error(
            "HELP_DESK['DELIVERY'] is 'cron', which is not a delivery mode.",
            hint="Use one of 'after_commit', 'task', 'command'.",
            id="help_desk.E109",
        )
    ]


@pytest.mark.parametrize("mode", ["after_commit", "command", 5])
def test_other_modes_need_no_tasks(settings: Any, mode: object) -> None:
    settings.HELP_DESK = {"DELIVERY": mode}  # 5 is reported as E102
    assert check_delivery() == []


CHECK = """
import django
django.setup()
from help_desk.checks.delivery import check_delivery
for message in check_delivery():
    print(message.id, message.msg)
"""
NO_DEFER = """
from {framework}.backends.dummy import DummyBackend
class Backend(DummyBackend):
    supports_defer = False
class GoodBackend(DummyBackend):
    pass
"""


def messages_with(folder: Path, **settings: Any) -> str:
    (folder / "backends.py").write_text(NO_DEFER.format(framework=FRAMEWORK))
    settings = {"HELP_DESK": {"DELIVERY": "task"}, **settings}
    return run_in_new_host(folder, CHECK, **settings).stdout


@pytest.mark.parametrize(
    ("tasks", "check_id"),
    [
        (None, "help_desk.W106"),
        ({"default": {"BACKEND": f"{FRAMEWORK}.backends.dummy.DummyBackend"}}, "help_desk.W106"),
        ({"default": {"BACKEND": "no.such.Backend"}}, "help_desk.E111"),
        ({"other": {"BACKEND": "backends.GoodBackend"}}, "help_desk.E111"),
        ({"default": {"BACKEND": "backends.GoodBackend", "QUEUES": ["x"]}}, "help_desk.E111"),
        ({"default": {"BACKEND": "backends.Backend"}}, "help_desk.W107"),
        ({"default": {"BACKEND": "backends.GoodBackend"}}, ""),
    ],
    ids=["unset", "dummy", "missing", "no-default", "other-queue", "no-deferring", "good"],
)
@pytest.mark.skipif(
    not find_spec(FRAMEWORK.partition(".")[0]) or not find_spec(FRAMEWORK),
    reason="before Django 6.0, the tasks framework needs django-tasks",
)
def test_tasks_backend_is_checked(
    tmp_path: Path, tasks: dict[str, Any] | None, check_id: str
) -> None:
    out = messages_with(tmp_path, **({} if tasks is None else {"TASKS": tasks}))
    assert out.partition(" ")[0] == check_id


def test_missing_tasks_framework_is_reported(tmp_path: Path) -> None:
    hidden = f"import sys\nsys.modules['{FRAMEWORK}'] = sys.modules['django_tasks'] = None\n"
    out = run_in_new_host(tmp_path, hidden + CHECK, HELP_DESK={"DELIVERY": "task"}).stdout
    assert out.startswith("help_desk.E110 ")


@pytest.fixture
def create_overdue(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> Callable[[timedelta], None]:
    """Return a function that creates notifications that are overdue by some time."""

    def create(delay: timedelta) -> None:
        create_ticket(created_by=reporter)
        Notification.objects.waiting().write(scheduled_datetime=timezone.now() - delay)

    return create


def test_overdue_notification_is_reported_if_the_database_is_checked(
    create_overdue: Callable[[timedelta], None], database_alias: str
) -> None:
    create_overdue(timedelta(minutes=61))
    assert check_overdue(databases=[database_alias]) == [
        checks.Warning(
            "A notification is overdue by 61 minutes.",
            hint="Run `manage.py help_desk_status` for details, and run `manage.py "
            "help_desk_deliver` by cron or as a service.",
            id="help_desk.W108",
        )
    ]
    assert check_overdue(databases=None) == []
    assert "help_desk.W108" not in ids(checks.run_checks())
    assert "help_desk.W108" in ids(checks.run_checks(databases=[database_alias]))


def test_delay_within_the_limit_is_not_reported(
    create_overdue: Callable[[timedelta], None], database_alias: str
) -> None:
    create_overdue(timedelta(minutes=59))
    assert check_overdue(databases=[database_alias]) == []


def test_unmigrated_database_is_ignored(tmp_path: Path) -> None:
    script = """
    import django  # noqa: PLC0415 -- the settings are known by now
    django.setup()
    from help_desk.checks.delivery import check_overdue
    print(check_overdue(databases=["default"]))
    """
    assert run_in_new_host(tmp_path, script).stdout == "[]\n"
