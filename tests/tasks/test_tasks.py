"""The delivery task, with the backends of the tasks framework."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from help_desk.delivery import batch
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
    """Configure one of the backends of the framework."""

    def reset() -> None:
        # The framework caches its settings.
        framework.task_backends.__dict__.pop("settings", None)
        framework.task_backends._settings = None
        if hasattr(framework.task_backends._connections, "default"):
            del framework.task_backends["default"]

    def configure(name: str) -> Any:
        path = f"{framework.__name__}.backends.{name.lower()}.{name}Backend"
        settings.TASKS = {"default": {"BACKEND": path}}
        reset()
        return framework.task_backends["default"]

    yield configure
    reset()


@pytest.fixture
def queue(use: Callable[[str], Any]) -> Any:
    """A backend that stores tasks and runs none."""
    return use("Dummy")


@pytest.fixture
def by_task(settings: Any) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "task"}


def run_datetimes(queue: Any) -> list[datetime | None]:
    """Return when the enqueued tasks are to run; None for at once."""
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


def test_task_sends_and_records_its_run(
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


def test_next_task_is_scheduled_for_the_end_of_the_lease(
    queue: Any, create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    create_ticket(created_by=reporter)
    before = timezone.now()
    tasks.deliver.call(database_alias)
    (run,) = run_datetimes(queue)
    assert run is not None
    assert run >= before + batch.LEASE


def test_one_task_is_scheduled_for_each_due_date(
    queue: Any, create_ticket: Callable[..., HelpDeskTicket], reporter: Any, database_alias: str
) -> None:
    create_ticket(created_by=reporter)
    tomorrow = timezone.now() + timedelta(days=1)
    Notification.objects.waiting().write(due_datetime=tomorrow)
    for _ in range(5):
        tasks.deliver.call(database_alias)
    (run,) = run_datetimes(queue)
    assert run is not None
    assert timedelta(0) <= run - tomorrow <= timedelta(seconds=tasks.INTERVAL)
    # A row is due earlier, and then tomorrow's is next again: its task exists already.
    soon = timezone.now() + timedelta(minutes=1)
    for due in (soon, tomorrow, soon, tomorrow):
        Notification.objects.waiting().write(due_datetime=due)
        tasks.deliver.call(database_alias)
    assert len(run_datetimes(queue)) == 2


def test_task_is_enqueued_for_rows_beyond_the_limits(
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
    at_end_of_lease, next_run = run_datetimes(queue)
    assert at_end_of_lease is not None
    assert next_run is None


def test_task_is_scheduled_later_for_an_unavailable_channel(
    queue: Any, settings: Any, ticket: HelpDeskTicket, database_alias: str
) -> None:
    blocked = ["tests.support.channels.UnavailableChannel"]
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
    # In addition to the one for the end of the lease.
    soon = [run for run in run_datetimes(queue) if run is None or run < now + batch.LEASE]
    assert len(soon) == 1
    assert soon[0] is not None
    assert soon[0] > now + timedelta(seconds=30)


def test_task_that_could_not_be_enqueued_is_scheduled_again(
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
    assert run_datetimes(queue) == []
    tasks.deliver.call(database_alias)
    assert len(run_datetimes(queue)) == 1


def test_backend_that_cannot_defer_gets_no_scheduled_task(
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
    assert DeliveryRun.objects.get().next_run_datetime is None


# schedule()


def next_run() -> datetime | None:
    return DeliveryRun.objects.get(source="task").next_run_datetime


def test_schedule_enqueues_one_task_per_date(queue: Any, db: None, database_alias: str) -> None:
    later = timezone.now() + timedelta(hours=1)
    for _ in range(3):
        tasks.schedule(later, database_alias)
    (run,) = run_datetimes(queue)
    assert run == next_run()
    assert run is not None
    assert timedelta(0) <= run - later <= timedelta(seconds=tasks.INTERVAL)


def test_schedule_enqueues_an_earlier_task_for_an_earlier_date(
    queue: Any, db: None, database_alias: str
) -> None:
    now = timezone.now()
    for hours in (2, 3, 1, 2):
        tasks.schedule(now + timedelta(hours=hours), database_alias)
    second, first = run_datetimes(queue)
    assert first is not None
    assert second is not None
    assert first - second == timedelta(hours=-1)
    assert next_run() == first


def test_schedule_ignores_a_task_in_the_past(queue: Any, db: None, database_alias: str) -> None:
    past = timezone.now() - timedelta(minutes=1)
    DeliveryRun.objects.create(source="task", finished_datetime=past, next_run_datetime=past)
    later = timezone.now() + timedelta(hours=1)
    tasks.schedule(later, database_alias)
    (run,) = run_datetimes(queue)
    assert run is not None
    assert run >= later
    assert next_run() == run
