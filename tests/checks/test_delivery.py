"""What `manage.py check` says of what sends."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.core import checks
from django.utils import timezone

from help_desk.checks.delivery import check_delivery, check_waiting
from help_desk.models import Notification
from tests.support.isolated import run_in_new_host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from help_desk.models import HelpDeskTicket

FRAMEWORK = "django.tasks" if django.VERSION >= (6,) else "django_tasks"


def ids(messages: list[checks.CheckMessage]) -> list[str | None]:
    return [message.id for message in messages]


def test_unknown_way_is_an_error_that_names_those_there_are(settings: Any) -> None:
    settings.HELP_DESK = {"DELIVERY": "pigeon"}
    (message,) = check_delivery()
    assert (message.id, message.level) == ("help_desk.E109", checks.ERROR)
    assert "'pigeon'" in message.msg
    assert message.hint == "Write one of 'after_commit', 'task', 'command'."


@pytest.mark.parametrize("way", ["after_commit", "command", 5])
def test_other_ways_need_no_tasks(settings: Any, way: object) -> None:
    settings.HELP_DESK = {"DELIVERY": way}  # E102 speaks of the 5
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


def said(folder: Path, **settings: Any) -> str:
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
    ids=["unset", "dummy", "missing", "no-default", "other-queue", "never-later", "good"],
)
@pytest.mark.skipif(
    not find_spec(FRAMEWORK.partition(".")[0]) or not find_spec(FRAMEWORK),
    reason="before Django 6.0 there is a framework only with django-tasks",
)
def test_backend_is_looked_at(tmp_path: Path, tasks: dict[str, Any] | None, check_id: str) -> None:
    out = said(tmp_path, **({} if tasks is None else {"TASKS": tasks}))
    assert out.partition(" ")[0] == check_id


def test_missing_framework_is_an_error(tmp_path: Path) -> None:
    hidden = f"import sys\nsys.modules['{FRAMEWORK}'] = sys.modules['django_tasks'] = None\n"
    out = run_in_new_host(tmp_path, hidden + CHECK, HELP_DESK={"DELIVERY": "task"}).stdout
    assert out.startswith("help_desk.E110 ")


@pytest.fixture
def waiting_for(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> Callable[[timedelta], None]:
    def wait(age: timedelta) -> None:
        create_ticket(created_by=reporter)
        Notification.objects.waiting().write(scheduled_datetime=timezone.now() - age)

    return wait


def test_long_wait_is_warned_of_where_the_database_may_be_asked(
    waiting_for: Callable[[timedelta], None], database_alias: str
) -> None:
    waiting_for(timedelta(minutes=61))
    (message,) = check_waiting(databases=[database_alias])
    assert (message.id, message.level) == ("help_desk.W108", checks.WARNING)
    assert "61 minutes" in message.msg
    assert check_waiting(databases=None) == []
    assert "help_desk.W108" not in ids(checks.run_checks())
    assert "help_desk.W108" in ids(checks.run_checks(databases=[database_alias]))


def test_short_wait_is_nothing_to_warn_of(
    waiting_for: Callable[[timedelta], None], database_alias: str
) -> None:
    waiting_for(timedelta(minutes=59))
    assert check_waiting(databases=[database_alias]) == []


def test_database_that_is_not_migrated_yet_is_no_trouble(tmp_path: Path) -> None:
    script = """
    import django
    django.setup()
    from help_desk.checks.delivery import check_waiting
    print(check_waiting(databases=["default"]))
    """
    assert run_in_new_host(tmp_path, script).stdout == "[]\n"
