"""Services lock the ticket before they read what they change.

Which statement locks depends on the database: servers lock the row with SELECT ... FOR UPDATE; on
SQLite, an update of the row locks the database for other writers.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connections

from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

CHANGES = {
    "update": lambda ticket, user: ticket.services.update(user, priority="urge"),
    "assign": lambda ticket, user: ticket.services.assign(user, actor=user),
    "start": lambda ticket, user: ticket.services.start(user),
    "complete": lambda ticket, user: ticket.services.complete(user),
    "comment": lambda ticket, user: ticket.services.comment(user, "Hello.", status="done"),
    "delete": lambda ticket, user: ticket.services.delete(user),
    "notify": lambda ticket, _: ticket.services.notification.create_new_ticket_notifications(),
}


def locks(sql: str) -> bool:
    """Whether a statement locks the ticket's row, or the database if it is SQLite."""
    return "FOR UPDATE" in sql or sql.startswith("UPDATE")


@pytest.mark.parametrize("change", CHANGES)
def test_ticket_is_locked_before_it_is_read(
    ticket: HelpDeskTicket, agent: Any, change: str, capture_queries: Callable[[], Any]
) -> None:
    table = HelpDeskTicket._meta.db_table
    with capture_queries() as queries:
        CHANGES[change](ticket, agent)
    statements = [query["sql"] for query in queries]
    of_ticket = [sql for sql in statements if f'{table}"' in sql or f"{table}`" in sql]
    assert locks(of_ticket[0]), of_ticket[0]


def test_server_locks_the_row(
    ticket: HelpDeskTicket,
    database_alias: str,
    capture_queries: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = connections[database_alias]
    expected: AbstractContextManager[object] = nullcontext()
    if connection.vendor == "sqlite":
        # SQLite has no such statement, but the one for a server can be seen.
        monkeypatch.setattr(connection.features, "has_select_for_update", True)
        expected = pytest.raises(OperationalError, match="syntax")
    with capture_queries() as queries, expected:
        HelpDeskTicket.objects.using(database_alias).get_for_update(ticket.pk)
    assert queries[0]["sql"].endswith("FOR UPDATE")
