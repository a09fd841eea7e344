"""What starts a delivery: the commit, a task, or the command.

The setting `DELIVERY` decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import router, transaction
from django.utils.module_loading import import_string

from help_desk.conf import AFTER_COMMIT, TASK, help_desk_settings
from help_desk.delivery import runner
from help_desk.models import Notification

if TYPE_CHECKING:
    from help_desk.querysets import NotificationQuerySet


def after_commit(event_id: int | None, using: str) -> None:
    """Start a delivery once the transaction is committed, unless only the command delivers."""
    delivery = help_desk_settings.DELIVERY

    # A named function: Django 5.2 cannot log the errors of a `partial`.
    def send() -> None:
        if delivery == AFTER_COMMIT:
            runner.deliver_after_commit(event_id=event_id, using=using)
        else:
            # By its path, because it needs a tasks framework.
            import_string("help_desk.tasks.deliver").enqueue(using)

    if delivery in {AFTER_COMMIT, TASK}:
        transaction.on_commit(send, using=using, robust=True)


def resend(rows: NotificationQuerySet) -> int:
    """Send failed and skipped rows again, as if they were new; return their number."""
    using = router.db_for_write(Notification)
    with transaction.atomic(using=using):
        count = rows.using(using).reset()
        if count:
            after_commit(None, using)
    return count
