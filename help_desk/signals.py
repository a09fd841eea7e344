"""Signals for the host project, sent after the commit; errors of receivers are logged.

The package never uses them itself. `docs/topics/signals.md` explains them.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

ticket_created = Signal()
"""A service created a ticket. Arguments: `ticket`, `event`."""

ticket_changed = Signal()
"""A service changed fields of a ticket, with or without a comment. Arguments: `ticket` as it
was saved, `event`."""

ticket_commented = Signal()
"""A reply or an internal note (`comment.is_internal`) was added. Arguments: `ticket`, `event`,
`comment`."""


def send_after_commit(signal: Signal, *, using: str, **arguments: Any) -> None:
    """Send a signal once the transaction is committed."""

    # A named function: Django 5.2 cannot log the errors of a `partial`.
    def send() -> None:
        signal.send_robust(**arguments)  # logs the errors of receivers

    transaction.on_commit(send, using=using, robust=True)
