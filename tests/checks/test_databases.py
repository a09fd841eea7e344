"""The check of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import checks
from django.db import connections

from tests.support import databases

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def deployment_ids(database_alias: str, monkeypatch: Any, db: None) -> Callable[..., list[str]]:
    def run(*, include_deployment_checks: bool = True, **options: Any) -> list[str]:
        monkeypatch.setitem(connections[database_alias].settings_dict, "OPTIONS", options)
        messages = checks.run_checks(include_deployment_checks=include_deployment_checks)
        return [str(message.id) for message in messages if message.id == "help_desk.W130"]

    return run


def test_sqlite_as_django_sets_it_up_is_reported_before_deployment(
    deployment_ids: Callable[..., list[str]],
) -> None:
    is_sqlite = databases.chosen() == databases.SQLITE
    assert deployment_ids() == (["help_desk.W130"] if is_sqlite else [])
    assert deployment_ids(transaction_mode="immediate") == []
    assert deployment_ids(include_deployment_checks=False) == []
