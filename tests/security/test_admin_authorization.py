"""Every admin page of the help desk, for each kind of staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from help_desk.models import Notification, TicketComment, TicketEvent, UnsubscribedAddress
from tests.security.authorization import ADMIN, MODELS, STAFF_ROLES, rows_of
from tests.security.world import (
    APP_LABEL,
    NOTE,
    changed_models,
    grant,
    objects_for,
    snapshot,
    undone,
)
from tests.support.factories import UserFactory

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

ROWS = rows_of(ADMIN)
READ_ONLY = (
    "helpdeskticket",
    "notification",
    "ticketcomment",
    "ticketevent",
    "unsubscribedaddress",
)
PERMISSIONS: dict[str, tuple[str, ...]] = {
    "none": (),
    "add": ("add",),
    "view": ("view",),
    "chg": ("view", "change"),
    "del": ("view", "delete"),
}
TICKET = {"purpose": "app", "priority": "low", "status": "read", "description": "The door."}
DATA = {
    "add": TICKET,
    "change": {**TICKET, "status": "prog", "is_deleted": "1", "text": "Changed."},
    "delete": {"post": "yes"},
}


def admin_routes() -> set[str]:
    """Return the names, without the app's label, of the admin pages of the help desk."""
    prefix = f"{APP_LABEL}_"
    return {
        url.name.removeprefix(prefix)
        for model, model_admin in admin.site._registry.items()
        if model._meta.app_label == APP_LABEL
        for url in model_admin.get_urls()
        if url.name
    }


def test_every_admin_page_has_a_row() -> None:
    missing = sorted(admin_routes() - {row.route for row in ROWS})
    assert not missing, (
        f"Without authorization tests: {', '.join(missing)}. Add a line for each method to the "
        "table ADMIN in tests/security/authorization.py, then run: "
        "python docs/generate_reference.py"
    )


def test_every_row_is_of_an_admin_page() -> None:
    assert {row.route for row in ROWS} <= admin_routes()


def _client(role: str) -> Client:
    client = Client()
    if role == "out":
        return client
    if role in {"user", "all"}:
        user = UserFactory(name=role, is_staff=role == "all", is_superuser=role == "all")
    else:
        user = UserFactory(name=role, is_staff=True)
    if role == "user":
        user = grant(user, "add", "view", "change", "delete", models=READ_ONLY)
    if role in PERMISSIONS:
        user = grant(user, *PERMISSIONS[role])
        if "view" in PERMISSIONS[role]:
            user = grant(user, "view", models=READ_ONLY)
    client.force_login(user)
    return client


def _arguments() -> dict[str, int]:
    """Return the primary key of a row of each model; its ticket belongs to another user."""
    ticket = objects_for(UserFactory(name="creator"))["own"]["pk"]
    reply = TicketComment.objects.filter(ticket_id=ticket, is_internal=False).first()
    event = TicketEvent.objects.get(comment=reply)
    notification = Notification.objects.filter(event__comment=None).first()
    return {
        "helpdeskticket": ticket,
        "ticketcomment": reply.pk,
        "ticketevent": event.pk,
        "notification": notification.pk,
        "unsubscribedaddress": UnsubscribedAddress.objects.create(address="dora@example.com").pk,
    }


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_response_and_changes(role: str) -> None:
    client, arguments = _client(role), _arguments()
    before = snapshot()
    problems = []
    for row in ROWS:
        model, _, page = row.route.partition("_")
        args = [] if page in {"changelist", "add"} else [arguments[model]]
        url = reverse(f"admin:{APP_LABEL}_{row.route}", args=args)
        with undone():
            response = client.post(url, DATA[page]) if row.method == "POST" else client.get(url)
            changed = changed_models(before) - {"Notification"}
        login_pages = (reverse("admin:login"), reverse("login"))
        is_login = response.get("Location", "").startswith(login_pages)
        status = "in" if is_login else str(response.status_code)
        cell = row.cells[role]
        changes = {MODELS[letter] for letter in row.changes} if cell.endswith("+") else set()
        if (status, changed) != (cell.rstrip("+"), changes):
            problems.append(f"{row.method} {row.route}: {status} {changed}, not {cell} {changes}")
    assert problems == []


@pytest.mark.parametrize("role", ["view", "chg", "del", "all"])
def test_internal_notes_are_in_the_admin_of_staff_who_can_change_tickets(
    role: str, admin_pages: Callable[[Client], list[str]]
) -> None:
    pages = admin_pages(_client(role))
    assert any(NOTE in page for page in pages) is (role in {"chg", "all"})


@pytest.fixture
def admin_pages() -> Callable[[Client], list[str]]:
    """Return every list and every row's page that a user can open."""
    objects_for(UserFactory(name="creator"))

    def load(client: Client) -> list[str]:
        pages = []
        for model in (TicketComment, TicketEvent, Notification):
            name = f"admin:{APP_LABEL}_{model._meta.model_name}"
            urls = [reverse(f"{name}_changelist")]
            urls += [reverse(f"{name}_change", args=[row.pk]) for row in model.objects.all()]
            pages += [client.get(url, follow=True).content.decode() for url in urls]
        return pages

    return load
