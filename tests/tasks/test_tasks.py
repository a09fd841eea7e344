"""The task, by the backends that come with the framework."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from help_desk.delivery import batch, dispatch
from help_desk.models import DeliveryRun, Notification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from help_desk.models import HelpDeskTicket

try:
    import django.tasks as framework
except ImportError:
    framework = pytest.importorskip("django_tasks", reason="there is no tasks framework")

from help_desk import tasks


@pytest.fixture
def use(settings: Any) -> Iterator[Callable[[str], Any]]:
    """Sets one of the framework's own backends."""

    def forget() -> None:
        # The framework reads its settings once.
        framework.task_backends.__dict__.pop("settings", None)
        framework.task_backends._settings = None
        if hasattr(framework.task_backends._connections, "default"):
            del framework.task_backends["default"]

    def choose(name: str) -> Any:
        path = f"{framework.__name__}.backends.{name.lower()}.{name}Backend"
        settings.TASKS = {"default": {"BACKEND": path}}
        forget()
        return framework.task_backends["default"]

    yield choose
    forget()


@pytest.fixture
def queue(use: Callable[[str], Any]) -> Any:
    """Takes tasks and runs none."""
    return use("Dummy")


@pytest.fixture
def by_task(settings: Any) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "task"}


def moments(queue: Any) -> list[datetime | None]:
    """When the enqueued tasks are to run."""
    return [result.task.run_after for result in queue.results]


def test_commit_enqueues_a_task_and_sends_nothing(
    queue: Any,
    by_task: None,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    database_alias: str,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(using=database_alias, execute=True):
        create_ticket(created_by=reporter)
        assert queue.results == []
    (result,) = queue.results
    assert (result.args, result.task.run_after) == ([database_alias], None)
    assert Notification.objects.waiting().exists()


def test_task_sends_and_leaves_a_trace(
    queue: Any, create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    create_ticket(created_by=reporter)
    waiting = Notification.objects.waiting().count()
    assert tasks.deliver.call(database_alias)["sent"] == waiting > 0
    run = DeliveryRun.objects.get()
    assert (run.source, run.sent) == ("task", waiting)


def test_idle_task_enqueues_nothing(queue: Any, db: None, database_alias: str) -> None:
    tasks.deliver.call(database_alias)
    assert queue.results == []


def test_task_that_is_killed_has_another_come_when_its_lease_ends(
    queue: Any, create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    create_ticket(created_by=reporter)
    before = timezone.now()
    tasks.deliver.call(database_alias)
    (guard,) = moments(queue)
    assert guard is not None
    assert guard >= before + batch.LEASE


def test_one_task_comes_for_each_moment_at_which_something_is_due(
    queue: Any, create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    create_ticket(created_by=reporter)
    tomorrow = timezone.now() + timedelta(days=1)
    Notification.objects.waiting().write(due_datetime=tomorrow)
    for _ in range(5):
        tasks.deliver.call(database_alias)
    (moment,) = moments(queue)
    assert moment is not None
    assert timedelta(0) <= moment - tomorrow <= timedelta(seconds=tasks.GRID)
    # Something is due earlier, and then tomorrow's again: its task is there already.
    soon = timezone.now() + timedelta(minutes=1)
    for due in (soon, tomorrow, soon, tomorrow):
        Notification.objects.waiting().write(due_datetime=due)
        tasks.deliver.call(database_alias)
    assert len(moments(queue)) == 2


def test_what_there_was_no_time_for_is_the_next_tasks(
    queue: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    database_alias: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_ticket(created_by=reporter)
    assert Notification.objects.waiting().count() > 1
    monkeypatch.setattr(tasks, "MAX_ROWS", 1)
    assert tasks.deliver.call(database_alias)["sent"] == 1
    guard, next_one = moments(queue)
    assert guard is not None
    assert next_one is None


def test_task_comes_a_little_later_for_a_channel_that_is_blocked(
    queue: Any, settings: Any, ticket: HelpDeskTicket, database_alias: str
) -> None:
    blocked = ["tests.support.channels.BlockedChannel"]
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANNELS": blocked}
    settings.ADMINS = [f"x{number}@example.com" for number in range(150)]
    now = timezone.now()
    Notification.objects.bulk_create(
        Notification(
            event=ticket.events.get(),
            channel="email",
            address=f"x{number}@example.com",
            status="wait",
            due_datetime=now,
        )
        for number in range(150)
    )
    tasks.deliver.call(database_alias)
    assert Notification.objects.due(timezone.now()).count() == 50
    # Beside the one for the end of the lease.
    soon = [moment for moment in moments(queue) if moment is None or moment < now + batch.LEASE]
    assert len(soon) == 1
    assert soon[0] is not None
    assert soon[0] > now + timedelta(seconds=30)


def test_moment_that_could_not_be_enqueued_is_asked_for_again(
    queue: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    database_alias: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    create_ticket(created_by=reporter)
    Notification.objects.waiting().write(due_datetime=timezone.now() + timedelta(days=1))
    with monkeypatch.context() as patch:
        patch.setattr(type(queue), "enqueue", fail)
        with pytest.raises(ConnectionError):
            tasks.deliver.call(database_alias)
    assert moments(queue) == []
    tasks.deliver.call(database_alias)
    assert len(moments(queue)) == 1


def test_backend_that_runs_nothing_later_is_not_asked_to(
    use: Callable[[str], Any],
    by_task: None,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    database_alias: str,
) -> None:
    use("Immediate")
    create_ticket(created_by=reporter)
    Notification.objects.waiting().write(due_datetime=timezone.now() + timedelta(minutes=1))
    tasks.deliver.call(database_alias)
    assert not dispatch.somebody_comes_by(database_alias)


def test_backend_that_runs_tasks_later_comes_by(
    queue: Any, by_task: None, db: None, database_alias: str
) -> None:
    assert dispatch.somebody_comes_by(database_alias)
