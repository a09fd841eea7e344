"""What makes delivery happen: the commit, a task, or a command.

The setting `DELIVERY` says which. Whichever it is, `manage.py help_desk_deliver` may run
besides, and sends what the others left.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from help_desk.conf import help_desk_settings
from help_desk.delivery import runner as delivery
from help_desk.models import DeliveryRun

if TYPE_CHECKING:
    from help_desk.models import TicketEvent

logger = logging.getLogger(__name__)

AFTER_COMMIT = "after_commit"
TASK = "task"
COMMAND = "command"

RECENT = timedelta(minutes=5)
"""A command that ran within this time is expected to run again soon."""


def after_commit(event: TicketEvent | None, using: str) -> None:
    """Have what waits sent once the transaction is committed.

    Args:
        event: What people are told of, which comes first; None if nothing does.
        using: Alias of the database.
    """
    way = help_desk_settings.DELIVERY
    event_id = None if event is None else event.pk

    # A function with a name: Django 5.2 cannot log the errors of a `partial`.
    def send() -> None:
        if way == AFTER_COMMIT:
            delivery.deliver_after_commit(event_id=event_id, using=using)
        else:
            _enqueue(using)

    if way in {AFTER_COMMIT, TASK}:
        transaction.on_commit(send, using=using, robust=True)


def _enqueue(using: str) -> None:
    # By its path, for it needs a tasks framework, and stands above this module.
    import_string("help_desk.tasks.deliver").enqueue(using)


def somebody_comes_by(using: str) -> bool:
    """Say whether rows that are due a little later will be sent then.

    Args:
        using: Alias of the database.

    Returns:
        Whether tasks come by at a given moment, or the command ran lately.
    """
    if help_desk_settings.DELIVERY == TASK and import_string("help_desk.tasks.can_come_later")():
        return True
    runs = DeliveryRun.objects.using(using).filter(source=COMMAND)
    return runs.filter(finished_datetime__gte=timezone.now() - RECENT).exists()
