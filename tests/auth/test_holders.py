"""Which users hold a permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from help_desk.auth.holders import holders, users_with
from tests.support.backends import AskedBackend

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

DELETE = "django_spire_help_desk.delete_helpdeskticket"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
LISTING = [f"tests.support.backends.{name}" for name in ("ListBackend", "QuerySetBackend")]
CLOSED = [f"tests.support.backends.{name}" for name in ("SlicedBackend", "UnionBackend")]
ASKED = "tests.support.backends.AskedBackend"
SILENT = [
    f"tests.support.backends.{name}"
    for name in ("NoWithPermBackend", "UnsupportedBackend", "LazilyUnsupportedBackend")
]


@pytest.mark.parametrize(
    "backends", [[MODEL_BACKEND], *([b] for b in LISTING + CLOSED), LISTING, SILENT]
)
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


def test_users_of_every_backend_are_found(
    make_user: Callable[..., Any], settings: Any, database_alias: str
) -> None:
    users = {make_user(name="chief").pk, make_user(name="admin", is_superuser=True).pk}
    settings.AUTHENTICATION_BACKENDS = [LISTING[0], *SILENT, MODEL_BACKEND]
    assert {user.pk for user in users_with(DELETE, database_alias, limit=9)} == users
    assert holders(DELETE, database_alias) == users


def test_backend_that_cannot_list_users_is_asked_about_each(
    make_user: Callable[..., Any], settings: Any, database_alias: str
) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "tests.support.backends.LoginOnlyBackend",
        MODEL_BACKEND,
        ASKED,
    ]
    AskedBackend.asked.clear()
    chief, clerk = make_user(name="chief"), make_user(name="clerk")
    former = make_user(name="chief-former", is_active=False)
    admin = make_user(name="admin", is_superuser=True)
    make_user(name="chief-elsewhere")
    among = [chief.pk, clerk.pk, former.pk, admin.pk]
    assert holders(DELETE, database_alias, among) == {chief.pk, admin.pk}
    # Neither about an inactive user nor about one whom another backend listed.
    assert sorted(AskedBackend.asked, key=str) == sorted(
        [(chief.pk, DELETE), (clerk.pk, DELETE)], key=str
    )


def test_backend_that_cannot_list_users_is_not_asked_about_all(
    make_user: Callable[..., Any], settings: Any, database_alias: str
) -> None:
    settings.AUTHENTICATION_BACKENDS = [ASKED]
    AskedBackend.asked.clear()
    make_user(name="chief")
    assert holders(DELETE, database_alias) == set()
    assert AskedBackend.asked == []


def test_no_query_without_a_backend_that_could_be_asked(
    make_user: Callable[..., Any],
    settings: Any,
    database_alias: str,
    capture_queries: Callable[[], Any],
) -> None:
    user = make_user(name="chief")
    settings.AUTHENTICATION_BACKENDS = ["tests.support.backends.LoginOnlyBackend"]
    with capture_queries() as queries:
        assert holders(DELETE, database_alias, [user.pk]) == set()
    assert len(queries) == 0
