"""What makes delivery happen: the commit, a task, or a command.

The setting `DELIVERY` says which. Whichever it is, `manage.py help_desk_deliver` may run
besides, and sends what the others left.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from help_desk.conf import help_desk_settings
from help_desk.models import DeliveryRun
from help_desk.notifications import delivery

if TYPE_CHECKING:
    from help_desk.models import TicketEvent

logger = logging.getLogger(__name__)

AFTER_COMMIT = "after_commit"
TASK = "task"

RECENT = timedelta(minutes=5)
"""A command or worker that delivered within this time is expected to come by again."""


def after_commit(event: TicketEvent, using: str) -> None:
    """Have what an event wrote sent once the transaction is committed.

    Args:
        event: What people are told of.
        using: Alias of the database.
    """
    if help_desk_settings.DELIVERY == AFTER_COMMIT:
        send = partial(delivery.deliver_after_commit, event_id=event.pk, using=using)
    elif help_desk_settings.DELIVERY == TASK:
        send = partial(_enqueue, using)
    else:
        return
    transaction.on_commit(send, using=using, robust=True)


def _enqueue(using: str) -> None:
    from help_desk.tasks import deliver  # noqa: PLC0415 -- needs Django's tasks framework

    deliver.enqueue(using)


def somebody_comes_by(using: str) -> bool:
    """Say whether rows that are due a little later will be sent then.

    Args:
        using: Alias of the database.

    Returns:
        Whether a command or a worker delivered lately.
    """
    since = timezone.now() - RECENT
    return DeliveryRun.objects.using(using).filter(finished_datetime__gte=since).exists()
