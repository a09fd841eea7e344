"""Which users hold a permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from help_desk.auth.holders import holders, users_with

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

DELETE = "django_spire_help_desk.delete_helpdeskticket"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
LISTING = [f"tests.support.backends.{name}" for name in ("ListBackend", "QuerySetBackend")]
SILENT = [
    f"tests.support.backends.{name}"
    for name in ("NoWithPermBackend", "UnsupportedBackend", "LazilyUnsupportedBackend")
]


@pytest.mark.parametrize("backends", [[MODEL_BACKEND], *([b] for b in LISTING), LISTING, SILENT])
def test_users_are_those_whose_ids_are_returned(
    make_user: Callable[..., Any], settings: Any, database_alias: str, backends: list[str]
) -> None:
    make_user(name="chief", is_superuser=True)
    make_user(name="chief-former", is_superuser=True, is_active=False)
    make_user(name="clerk")
    settings.AUTHENTICATION_BACKENDS = backends
    users = users_with(DELETE, database_alias, limit=10)
    assert [user.pk for user in users] == list(holders(DELETE, database_alias))
    assert len(users) == (0 if backends == SILENT else 1)


@pytest.mark.parametrize("backend", [MODEL_BACKEND, LISTING[1]])
def test_query_stops_at_the_limit(
    make_user: Callable[..., Any],
    capture_queries: Callable[..., Any],
    settings: Any,
    database_alias: str,
    backend: str,
) -> None:
    for number in range(4):
        make_user(name=f"chief-{number}", is_superuser=True, is_active=number > 0)
    settings.AUTHENTICATION_BACKENDS = [backend]
    with capture_queries() as queries:
        assert len(users_with(DELETE, database_alias, limit=2)) == 2
    assert len(queries) == 1
    assert len(users_with(DELETE, database_alias, limit=9)) == 3


@pytest.mark.parametrize("backend", LISTING)
def test_only_users_that_were_asked_for_are_returned(
    make_user: Callable[..., Any], settings: Any, database_alias: str, backend: str
) -> None:
    first, second = make_user(name="chief-1"), make_user(name="chief-2")
    clerk = make_user(name="clerk")
    settings.AUTHENTICATION_BACKENDS = [backend]
    assert holders(DELETE, database_alias) == {first.pk, second.pk}
    assert holders(DELETE, database_alias, [second.pk, clerk.pk]) == {second.pk}
    assert holders(DELETE, database_alias, []) == set()
