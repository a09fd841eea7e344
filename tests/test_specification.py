"""The statements and code snippets of the original specification.

The snippets are unchanged. They run under both names of the package; the alias needs its own
process, in which the settings import it.
"""

from __future__ import annotations

import textwrap
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from help_desk.models import HelpDeskTicket, Notification
from tests.support.isolated import run_in_new_host
from tests.support.mail import mail_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

CREATE = """
from django_spire.help_desk.models import HelpDeskTicket
from django_spire.help_desk.choices import (
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketPriorityChoices,
)

ticket = HelpDeskTicket()
ticket.services.create(
    created_by=request.user,
    purpose=HelpDeskTicketPurposeChoices.APP,
    priority=HelpDeskTicketPriorityChoices.HIGH,
    description='The dashboard fails to load when filtering by date range.',
)
"""
CREATE_FOR_COMPANY = """
from django_spire.help_desk.models import HelpDeskTicket
from django_spire.help_desk.choices import (
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketPriorityChoices,
)

ticket = HelpDeskTicket()
ticket.services.create(
    created_by=request.user,
    purpose=HelpDeskTicketPurposeChoices.COMPANY,
    priority=HelpDeskTicketPriorityChoices.URGENT,
    description='Payroll data is not syncing with the accounting system.',
)
"""
QUERY = """
from django_spire.help_desk.models import HelpDeskTicket

# All active tickets, newest first
tickets = HelpDeskTicket.objects.order_by('-created_datetime').active()

# A single ticket
ticket = HelpDeskTicket.objects.get(pk=1)
"""
UPDATE = """
from django_spire.help_desk.choices import HelpDeskTicketStatusChoices

ticket = HelpDeskTicket.objects.get(pk=1)
ticket.status = HelpDeskTicketStatusChoices.INPROGRESS
ticket.save()
"""

# Assertions after each snippet, about the snippet's variables.
AFTER_CREATE = """
assert (ticket.created_by, ticket.status) == (request.user, 'read')
assert (ticket.purpose, ticket.priority) == ('app', 'high')
assert ticket.description == 'The dashboard fails to load when filtering by date range.'
assert HelpDeskTicket.objects.get() == ticket
assert {row.recipient for row in ticket.events.get().notifications.all()} >= {manager}
"""
AFTER_CREATE_FOR_COMPANY = """
assert (ticket.created_by, ticket.purpose, ticket.priority) == (request.user, 'comp', 'urge')
"""
AFTER_QUERY = """
assert [found.purpose for found in tickets] == ['comp', 'app']
assert (ticket.pk, ticket.purpose) == (1, 'app')
"""
AFTER_UPDATE = """
assert HelpDeskTicket.objects.get(pk=1).get_status_display() == 'In Progress'
assert ticket.events.latest('pk').changes == {'status': ['read', 'prog']}
"""
SNIPPETS = [
    CREATE,
    AFTER_CREATE,
    CREATE_FOR_COMPANY,
    AFTER_CREATE_FOR_COMPANY,
    QUERY,
    AFTER_QUERY,
    UPDATE,
    AFTER_UPDATE,
]


@pytest.mark.django_db(transaction=True, reset_sequences=True)
@pytest.mark.hosts("default", "custom_user", "no_email_user", "use_tz_false", "login_required")
def test_snippets_work_with_the_package_name(reporter: Any, manager: Any) -> None:
    names = {"request": SimpleNamespace(user=reporter), "manager": manager}
    for snippet in SNIPPETS:
        exec(snippet.replace("django_spire.help_desk", "help_desk"), names)


@pytest.mark.hosts("default")
@pytest.mark.parametrize("app", ["django_spire.help_desk", "help_desk"])
def test_snippets_work_unchanged_with_the_alias(tmp_path: Path, app: str) -> None:
    setup = """
    import django  # noqa: PLC0415 -- the settings are known by now
    django.setup()
    from types import SimpleNamespace
    from django.core.management import call_command
    from django.contrib.auth.models import User
    call_command("migrate", verbosity=0)
    request = SimpleNamespace(user=User.objects.create_user("reporter"))
    manager = User.objects.create_superuser("manager")
    """
    run_in_new_host(
        tmp_path,
        "".join([textwrap.dedent(setup), *SNIPPETS]),
        head="import help_desk.spire_alias",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", app],
        **mail_through("django.core.mail.backends.locmem.EmailBackend"),
    )


# "Key fields"


@pytest.mark.parametrize("name", ["created_by", "purpose", "priority", "status", "description"])
def test_key_field_exists(name: str) -> None:
    assert HelpDeskTicket._meta.get_field(name).name == name


def test_statuses_are_ready_in_progress_and_done_with_ready_as_default() -> None:
    status = HelpDeskTicket._meta.get_field("status")
    labels = [(value, str(label)) for value, label in status.choices]
    assert labels == [("read", "Ready"), ("prog", "In Progress"), ("done", "Done")]
    assert status.default == "read"


# "It sets created_by, saves the ticket, and fires notifications in one call."


def test_create_sets_the_creator_saves_and_notifies(reporter: Any, manager: Any) -> None:
    ticket = HelpDeskTicket()
    ticket.services.create(reporter, purpose="app", priority="low", description="x")
    assert ticket.created_by == reporter
    assert HelpDeskTicket.objects.filter(pk=ticket.pk).exists()
    assert Notification.objects.filter(event__ticket=ticket, recipient=manager).exists()


def test_creating_without_the_service_notifies_no_one(reporter: Any, manager: Any) -> None:
    HelpDeskTicket.objects.create(
        created_by=reporter, purpose="app", priority="low", description="x"
    )
    assert not Notification.objects.exists()


# "Access to ticket views is controlled by Django model permissions"


def test_permissions_exist(db: None) -> None:
    found = Permission.objects.filter(content_type__app_label="django_spire_help_desk")
    assert {
        "add_helpdeskticket",
        "change_helpdeskticket",
        "delete_helpdeskticket",
        "view_helpdeskticket",
    } <= set(found.values_list("codename", flat=True))


@pytest.mark.parametrize(
    ("name", "url", "action"),
    [
        ("page:list", "help_desk/page/list/", "view"),
        ("page:detail", "help_desk/page/{pk}/detail/", "view"),
        ("page:delete", "help_desk/page/{pk}/delete/", "delete"),
        ("form:create", "help_desk/form/create/", "add"),
        ("form:update", "help_desk/form/{pk}/update/", "change"),
    ],
)
def test_route_requires_its_permission(
    ticket: HelpDeskTicket,
    user_without_permissions: Any,
    grant: Callable[..., Any],
    client_of: Callable[[Any], Client],
    *,
    name: str,
    url: str,
    action: str,
) -> None:
    path = "/" + url.format(pk=ticket.pk)
    kwargs = {"pk": ticket.pk} if "{pk}" in url else {}
    assert reverse(f"django_spire:help_desk:{name}", kwargs=kwargs) == path
    assert client_of(user_without_permissions).get(path).status_code == 403
    assert client_of(grant(user_without_permissions, action)).get(path).status_code == 200


# "Users with delete_helpdeskticket … receive in-app notifications for all new tickets."


def test_managers_receive_in_app_notifications_for_all_new_tickets(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any, manager: Any
) -> None:
    tickets = {
        create_ticket(created_by=reporter, purpose=purpose, priority=priority)
        for purpose in ("app", "comp")
        for priority in ("low", "med", "high", "urge")
    }
    rows = Notification.objects.filter(recipient=manager, channel="in_app")
    assert {row.event.ticket for row in rows.select_related("event__ticket")} == tickets
