"""Every page, role, method and object: the response, and that nothing else changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from tests.docs.blocks import ROOT
from tests.security import authorization
from tests.security.authorization import DATA, MODELS, OBJECTS, PUBLIC, ROLES, rows_of
from tests.security.world import (
    NOTE,
    PERMISSIONS,
    TEXT,
    changed_models,
    grant,
    objects_for,
    snapshot,
    undone,
)
from tests.support.factories import UserFactory
from tests.support.routes import routes

if TYPE_CHECKING:
    from tests.security.authorization import Row

ROWS = rows_of(authorization.PAGES)
USERS = {**{role: role for role in ROLES}, "inactive": "out", "superuser": "mngr"}
"""Each user of the tests, and the column that applies to them."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def test_every_route_has_a_row() -> None:
    missing = sorted(routes().keys() - {row.route for row in ROWS})
    assert not missing, (
        f"Without authorization tests: {', '.join(missing)}. Add to the table PAGES in "
        "tests/security/authorization.py a line for each method and object, and to DATA what is "
        "posted. Then run: python docs/generate_reference.py"
    )


def test_every_row_is_of_a_route() -> None:
    assert {row.route for row in ROWS} <= routes().keys()
    assert {row.object for row in ROWS} == OBJECTS.keys()
    assert all(row.changes <= MODELS.keys() for row in ROWS)


def test_every_page_of_an_object_has_rows_of_objects_that_the_user_may_not_use() -> None:
    with_arguments = {name for name, route in routes().items() if "<" in route}
    of_others = {"others", "their-reply", "n-their", "forged"}
    assert {row.route for row in ROWS if row.object in of_others} == with_arguments


def test_documentation_is_generated() -> None:
    page = (ROOT / "docs/reference/authorization.md").read_text(encoding="utf-8")
    for name in authorization.DOCUMENTED:
        table = "\n".join(authorization.markdown(name))
        assert f"authorization {name} -->\n\n{table}\n\n<!--" in page, (
            "Run: python docs/generate_reference.py"
        )


@pytest.fixture
def user(request: pytest.FixtureRequest, db: None, settings: Any) -> Any:
    """A user of `USERS`, by indirect parametrization."""
    role = USERS[request.param]
    if role == "own":
        settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    permissions = PERMISSIONS["mngr" if request.param == "inactive" else role]
    created = UserFactory(name=request.param, is_superuser=request.param == "superuser")
    return grant(created, *(() if created.is_superuser else permissions))


@pytest.fixture
def browser(user: Any, request: pytest.FixtureRequest) -> Client:
    """A client of that user; an inactive one was signed in before."""
    client = Client()
    name = request.node.callspec.params["user"]
    if name != "out":
        client.force_login(user)
    if name == "inactive":
        user.is_active = False
        user.save()
    return client


def expected(row: Row, user_name: str, method: str) -> tuple[str, set[str]]:
    """Return the response and the models that change."""
    cell = row.cells[USERS[user_name]]
    is_listed = row.method in {"ANY", "GET" if method == "HEAD" else method}
    if not is_listed:
        return "405", set()
    does_it = cell.endswith("+") and method != "HEAD"
    changes = {MODELS[letter] for letter in row.changes} if does_it else set()
    return cell.rstrip("+"), changes


def respond(client: Client, method: str, url: str, data: dict[str, str]) -> str:
    send = getattr(client, method.lower())
    response = send(url, data) if method == "POST" else send(url)
    location = response.get("Location", "")
    if location.startswith(f"{django_settings.LOGIN_URL}?"):
        return "in"
    # One slash: a redirect never leaves the site.
    is_path = location.startswith("/") and not location.startswith("//")
    assert is_path or not response.has_header("Location")
    return str(response.status_code)


@pytest.mark.parametrize("user", USERS, indirect=True)
@pytest.mark.parametrize("route", sorted({row.route for row in ROWS}))
def test_response_and_changes(
    user: Any, browser: Client, route: str, request: pytest.FixtureRequest
) -> None:
    """Compare all requests to a page with the table; report each that differs."""
    name = request.node.callspec.params["user"]
    arguments = objects_for(user)
    before = snapshot()
    of_route = [row for row in ROWS if row.route == route]
    by_object: dict[str, dict[str, Row]] = {}
    for row in of_route:
        by_object.setdefault(row.object, {})[row.method] = row
    problems = []
    for object_name, rows in by_object.items():
        url = reverse(f"django_spire:help_desk:{route}", kwargs=arguments[object_name])
        for method in METHODS:
            # A method without a row is refused; which row says so makes no difference.
            row = rows.get("GET" if method == "HEAD" else method, next(iter(rows.values())))
            if row.method == "POST" and method in {"GET", "HEAD"} and _has_get_row(of_route):
                continue
            with undone():
                response = respond(browser, method, url, DATA.get(route, {}))
                changed = changed_models(before)
            wanted, changes = expected(row, name, method)
            # An event may notify someone.
            changed -= {"Notification"} if "TicketEvent" in changes else set()
            if (response, changed) != (wanted, changes):
                problems.append(
                    f"{method} {route} of {object_name}: {response} {sorted(changed)}, "
                    f"not {wanted} {sorted(changes)}"
                )
    assert problems == []


def _has_get_row(rows: list[Row]) -> bool:
    return any(row.method == "GET" for row in rows)


@pytest.mark.parametrize("user", ["mngr"], indirect=True)
@pytest.mark.parametrize("route", sorted({row.route for row in ROWS if row.method == "POST"}))
def test_post_without_a_csrf_token_changes_nothing(user: Any, route: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    arguments = objects_for(user)
    row = next(row for row in ROWS if row.route == route and row.cells["mngr"].endswith("+"))
    before = snapshot()
    url = reverse(f"django_spire:help_desk:{route}", kwargs=arguments[row.object])
    response = client.post(url, DATA.get(route, {}))
    if route in PUBLIC:
        assert response.status_code == 200
    else:
        assert response.status_code == 403
        assert changed_models(before) == set()


@pytest.mark.parametrize("user", USERS, indirect=True)
def test_confidential_texts_are_on_the_pages_of_those_who_may_read_them(
    user: Any, browser: Client, request: pytest.FixtureRequest
) -> None:
    role = USERS[request.node.callspec.params["user"]]
    arguments = objects_for(user)
    with_text, with_note = set(), set()
    for row in ROWS:
        if row.method == "GET":
            url = reverse(f"django_spire:help_desk:{row.route}", kwargs=arguments[row.object])
            with undone():
                page = browser.get(url).content.decode()
            if TEXT in page:
                with_text.add((row.route, row.object))
            if NOTE in page:
                with_note.add((row.route, row.object))
    detail, update = ("page:detail", "others"), ("form:update", "others")
    for_viewers = {("page:list", "-"), ("page:inbox", "-"), detail}
    assert with_text == {
        "view": for_viewers,
        "chg": {update},  # users who can change a text must see it
        "agnt": for_viewers | {update},
        "mngr": for_viewers | {update, ("page:delete", "others")},
    }.get(role, set())
    notes = {detail, ("page:detail", "own"), ("page:inbox", "-"), ("form:comment_edit", "own-note")}
    assert with_note == (notes if role in {"agnt", "mngr"} else set())
