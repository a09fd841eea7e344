"""System checks of what sends: whether anything does, and in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, router, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from help_desk.conf import SETTINGS, TASK, help_desk_settings
from help_desk.delivery.monitoring import max_delay, max_delivery_delay
from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.checks import CheckMessage

WITHOUT_WORKERS = {"ImmediateBackend", "DummyBackend"}
"""The backends that come with the framework, and with its backport."""


def register_delivery_checks() -> None:
    """Hand the checks to Django."""
    register(check_delivery, Tags.compatibility)
    register(check_waiting, Tags.database)


def check_delivery(**kwargs: Any) -> list[CheckMessage]:
    """See whether the setting `DELIVERY` can be followed.

    Args:
        **kwargs: What Django hands to every check.

    Returns:
        E109 for a value that means nothing, E110 if there are no tasks, E111 if the
        backend cannot take this one, W106 if it has no workers, W107 if it cannot run
        tasks later.
    """
    way: object = help_desk_settings.DELIVERY
    choices = next(setting.choices for setting in SETTINGS if setting.name == "DELIVERY")
    if isinstance(way, str) and way not in choices:
        return [
            Error(
                f"HELP_DESK['DELIVERY'] is {way!r}, which means nothing.",
                hint=f"Write one of {', '.join(map(repr, choices))}.",
                id="help_desk.E109",
            )
        ]
    return _check_tasks() if way == TASK else []


def _check_tasks() -> list[CheckMessage]:
    try:
        # An import, for the task looks its backend up when it is made.
        task = import_string("help_desk.tasks.deliver")
        backend = task.get_backend()
        backend.validate_task(task)
    except ImportError as error:
        return [
            Error(
                f"HELP_DESK['DELIVERY'] is 'task', but there is no tasks framework: {error}",
                hint="Before Django 6.0, install django-deskside[tasks].",
                id="help_desk.E110",
            )
        ]
    except Exception as error:
        return [
            Error(
                f"HELP_DESK['DELIVERY'] is 'task', but TASKS has no backend for it: {error}",
                hint="Set TASKS['default'], with 'default' among its QUEUES.",
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
                hint="Set TASKS['default'] to a backend with workers, such as that of "
                "django-tasks-db; or leave DELIVERY out.",
                id="help_desk.W106",
            )
        ]
    if not backend.supports_defer:
        return [
            Warning(
                f"HELP_DESK['DELIVERY'] is 'task', but {name} runs no task at a later moment, "
                "so nothing is tried again by itself.",
                hint="Run `manage.py help_desk_deliver` by cron, too.",
                id="help_desk.W107",
            )
        ]
    return []


def check_waiting(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """See whether something has waited too long.

    Args:
        databases: Aliases of the databases that may be asked.
        **kwargs: What Django hands to every check.

    Returns:
        W108 if something has waited for longer than `MAX_DELIVERY_DELAY`.
    """
    using = router.db_for_write(Notification)
    if using not in (databases or ()):
        return []
    try:
        with transaction.atomic(using=using):
            age = max_delay(using, timezone.now())
    except (DatabaseError, ImproperlyConfigured):
        return []  # Not migrated yet, or not there: others say so.
    if age is None or age <= max_delivery_delay():
        return []
    minutes = int(age.total_seconds() // 60)
    return [
        Warning(
            f"A notification has waited for {minutes} minutes to be sent.",
            hint="See `manage.py help_desk_status`; run `manage.py help_desk_deliver` by cron "
            "or as a service.",
            id="help_desk.W108",
        )
    ]
