"""What hosts can listen to. Sent after the commit; a receiver that raises is logged.

The package itself never steers by these.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

ticket_created = Signal()
"""A ticket was filed. Arguments: `ticket`, `event`."""

ticket_changed = Signal()
"""A service changed a ticket. Arguments: `ticket`, `event`."""

ticket_commented = Signal()
"""Somebody replied or wrote a note. Arguments: `ticket`, `event`, `comment`."""


def send_after_commit(signal: Signal, *, using: str, **arguments: Any) -> None:
    """Send a signal once the transaction is committed.

    Args:
        signal: One of the above.
        using: Alias of the database.
        **arguments: What receivers get, the `sender` among them.
    """
    # Django logs the errors of receivers.
    transaction.on_commit(partial(signal.send_robust, **arguments), using=using, robust=True)
