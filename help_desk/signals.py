"""What hosts can listen to. Sent after the commit; a receiver that raises is logged.

The package itself never steers by these. `docs/topics/signals.md` explains them.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

ticket_created = Signal()
"""A ticket was filed by a service. Arguments: `ticket`, `event`."""

ticket_changed = Signal()
"""A service changed what a ticket says, together with a comment or without. Arguments:
`ticket` as it was saved, `event`."""

ticket_commented = Signal()
"""Somebody replied, or wrote an internal note: `comment.is_internal`. Arguments: `ticket`,
`event`, `comment`."""


def send_after_commit(signal: Signal, *, using: str, **arguments: Any) -> None:
    """Send a signal once the transaction is committed.

    Args:
        signal: One of the above.
        using: Alias of the database.
        **arguments: What receivers get, the `sender` among them.
    """

    # A function with a name: Django 5.2 cannot log the errors of a `partial`.
    def send() -> None:
        signal.send_robust(**arguments)  # which logs the errors of receivers

    transaction.on_commit(send, using=using, robust=True)
