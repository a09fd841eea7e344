"""The setting `DELIVERY`, its tasks backend, and overdue notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, router, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from help_desk.conf import TASK, HelpDeskSettings, help_desk_settings
from help_desk.delivery.monitoring import max_delay, max_delivery_delay
from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.checks import CheckMessage

WITHOUT_WORKERS = frozenset({"ImmediateBackend", "DummyBackend"})
"""The backends that the framework, and its backport, come with."""


def check_delivery(**kwargs: Any) -> list[CheckMessage]:
    """Check the delivery mode, and for `task` the backend of the tasks framework."""
    mode = help_desk_settings.DELIVERY
    modes = HelpDeskSettings.DELIVERY.choices
    if mode not in modes:
        return [
            Error(
                f"HELP_DESK['DELIVERY'] is {mode!r}, which is not a delivery mode.",
                hint=f"Use one of {', '.join(map(repr, modes))}.",
                id="help_desk.E109",
            )
        ]
    return _check_tasks() if mode == TASK else []


def _check_tasks() -> list[CheckMessage]:
    try:
        # Imported here because the task looks up its backend when it is defined.
        task = import_string("help_desk.tasks.deliver")
        backend = task.get_backend()
        backend.validate_task(task)
    except ImportError as error:
        return [
            Error(
                f"HELP_DESK['DELIVERY'] is 'task', but no tasks framework is available: {error}",
                hint="Before Django 6.0, run: pip install 'django-deskside[tasks]'",
                id="help_desk.E110",
            )
        ]
    except Exception as error:  # noqa: BLE001 -- a backend can raise anything
        return [
            Error(
                "HELP_DESK['DELIVERY'] is 'task', but no backend in TASKS accepts the help "
                f"desk's task: {error}",
                hint="Set TASKS['default'], with 'default' among its QUEUES if it has any. "
                "For example: TASKS = {'default': {'BACKEND': 'django_tasks_db.DatabaseBackend'}}.",
                id="help_desk.E111",
            )
        ]
    return _check_backend(backend)


def _check_backend(backend: Any) -> list[CheckMessage]:
    name = type(backend).__name__
    if name in WITHOUT_WORKERS:
        return [
            Warning(
                f"HELP_DESK['DELIVERY'] is 'task', but {name} has no workers.",
                hint="Set TASKS['default'] to a backend with workers, for example that of "
                "django-tasks-db, or remove DELIVERY.",
                id="help_desk.W106",
            )
        ]
    if not backend.supports_defer:
        return [
            Warning(
                f"HELP_DESK['DELIVERY'] is 'task', but {name} does not support deferred tasks, "
                "so nothing is retried automatically.",
                hint="Run `manage.py help_desk_deliver` by cron, too.",
                id="help_desk.W107",
            )
        ]
    return []


def check_overdue(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no notification is overdue, if the database may be queried."""
    using = router.db_for_write(Notification)
    if using not in (databases or ()):
        return []
    try:
        with transaction.atomic(using=using):
            delay = max_delay(using, timezone.now())
    except (DatabaseError, ImproperlyConfigured):
        return []  # Not migrated yet, or not reachable, which other checks report.
    if delay is None or delay <= max_delivery_delay():
        return []
    minutes = int(delay.total_seconds() // 60)
    return [
        Warning(
            f"A notification is overdue by {minutes} minutes.",
            hint="Run `manage.py help_desk_status` for details, and run `manage.py "
            "help_desk_deliver` by cron or as a service.",
            id="help_desk.W108",
        )
    ]
