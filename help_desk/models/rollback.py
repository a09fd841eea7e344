"""What became of a transaction."""

from __future__ import annotations

from weakref import ref

from django.db import transaction


class Outcome:
    """Whether the current transaction, or a savepoint of it, was committed or rolled back.

    Django has a hook for commits only. But it drops the callbacks of a transaction or savepoint
    that is rolled back, so one that is gone without having been called tells the same, and
    without a query.
    """

    def __init__(self, using: str) -> None:
        self.is_committed = False

        def committed() -> None:
            self.is_committed = True

        transaction.on_commit(committed, using=using)
        self._callback = ref(committed)

    @property
    def is_rolled_back(self) -> bool:
        """Whether it was rolled back; False while the transaction is open."""
        return not self.is_committed and self._callback() is None
