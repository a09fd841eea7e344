"""Transactions that are repeated if a concurrent one made the database roll them back."""

from __future__ import annotations

import logging
import random
import time
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import OperationalError, connections, transaction

from help_desk.models.rollback import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

logger = logging.getLogger(__name__)

RETRY_DELAYS = (0.05, 0.2, 0.5)
"""Seconds before the second and each later attempt, on average."""
RETRY_TIME = 10
"""Seconds after which no attempt is begun: a database may have waited for a lock in each."""

# SQLITE_BUSY, SQLITE_LOCKED
_SQLITE_CODES = {5, 6}
# serialization_failure, deadlock_detected, lock_not_available
_POSTGRES_CODES = {"40001", "40P01", "55P03"}
# ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK
_MYSQL_CODES = {1205, 1213}


class RolledBackError(OperationalError):
    """A transaction was rolled back because of a concurrent one, so that it can be repeated."""


@contextmanager
def repeatable_transaction(using: str) -> Iterator[None]:
    """Run a block in a transaction, and raise RolledBackError if it can be repeated.

    Within a transaction of the caller, errors are raised as they are: only the caller can
    repeat it as a whole.
    """
    connection = connections[using]
    # Without autocommit, the caller may have begun a transaction by any statement.
    is_outermost = not connection.in_atomic_block and connection.get_autocommit()
    outcome = None
    try:
        with transaction.atomic(using=using):
            # The first callback: an error of a later one must not repeat what is saved.
            outcome = Outcome(using)
            yield
    except OperationalError as error:
        is_committed = outcome is not None and outcome.is_committed
        if not is_outermost or is_committed or not _is_caused_by_concurrency(error):
            raise
        raise RolledBackError(*error.args) from error


def _is_caused_by_concurrency(error: OperationalError) -> bool:
    driver_error = error.__cause__
    sqlite_code = getattr(driver_error, "sqlite_errorcode", 0) & 0xFF  # without the extension
    # psycopg and psycopg2
    sqlstate = getattr(driver_error, "sqlstate", None) or getattr(driver_error, "pgcode", None)
    return (
        sqlite_code in _SQLITE_CODES
        or sqlstate in _POSTGRES_CODES
        or (error.args[0] if error.args else None) in _MYSQL_CODES
    )


def retried(flow: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Repeat a use case that raises RolledBackError, a few times and for a limited time."""

    @wraps(flow)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        start = time.monotonic()
        for delay in RETRY_DELAYS:
            try:
                return flow(*args, **kwargs)
            except RolledBackError as error:
                if time.monotonic() - start > RETRY_TIME:
                    raise
                logger.warning("A transaction was rolled back and is repeated: %s", error)
                # The one that was in the way gets ahead, and several do not return together.
                time.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 -- not a secret
        return flow(*args, **kwargs)

    return wrapper
