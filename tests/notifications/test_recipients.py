"""Who is notified of a new ticket, through which channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, Permission

from help_desk.auth.developers import address_in, developer_addresses
from help_desk.models import HelpDeskTicket, Notification
from tests.support.hosts import with_email

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser

    MakeUser = Callable[..., AbstractBaseUser]

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def recipients(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> Callable[[], set[tuple[str, Any, str | None]]]:
    """Create a ticket and return whom it notified: (channel, user, address)."""

    def create() -> set[tuple[str, Any, str | None]]:
        ticket = create_ticket(created_by=reporter)
        rows = Notification.objects.filter(event__ticket=ticket)
        found = {(row.channel, row.recipient, row.address) for row in rows}
        assert len(found) == len(rows)
        return found

    return create


# Developers


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada Lovelace <ada@example.com>", "ada@example.com"),
        ('"Lovelace, Ada" <ada@example.com>', "ada@example.com"),
        (("Ada", "ada@example.com"), "ada@example.com"),
        (["Ada", "ada@example.com"], "ada@example.com"),
        (("Ada", "Ada <ada@example.com>"), "ada@example.com"),
        ("Ada", "Ada"),
        ("", ""),
        ((), ""),
        (None, ""),
        (7, ""),
        (("Ada", None), ""),
    ],
    ids=[
        "plain",
        "named",
        "quoted",
        "pair",
        "list",
        "pair-named",
        "name",
        "empty",
        "empty-pair",
        "none",
        "number",
        "pair-none",
    ],
)
def test_address_in_an_admins_entry(entry: object, address: str) -> None:
    assert address_in(entry) == address


def test_developer_addresses_are_unique_and_skip_invalid_entries(settings: Any) -> None:
    settings.ADMINS = ["Ada@example.com", ("A.", "ada@EXAMPLE.com"), "Ada", "bob@example.com"]
    assert list(developer_addresses().values()) == ["Ada@example.com", "bob@example.com"]


@pytest.mark.django_db
def test_developer_without_a_user_gets_the_email(recipients: Any, settings: Any) -> None:
    settings.ADMINS = [("Ada", "ada@example.com"), "Bob <bob@example.com>"]
    assert recipients() == {("email", None, "ada@example.com"), ("email", None, "bob@example.com")}


@pytest.mark.django_db
@pytest.mark.parametrize("admins", [[], ["no address"]], ids=["empty", "no-address"])
def test_no_one_is_notified_without_admins_and_managers(
    recipients: Any, settings: Any, admins: Any
) -> None:
    settings.ADMINS = admins
    assert recipients() == set()


@with_email
@pytest.mark.parametrize(
    "entry",
    ["Ada@Example.com", ("Ada", "ada@example.com"), "Ada <ADA@EXAMPLE.COM>"],
    ids=["plain", "pair", "named"],
)
def test_developer_is_notified_in_app_and_at_the_email_address_of_the_user(
    recipients: Any, make_user: MakeUser, settings: Any, entry: Any
) -> None:
    settings.ADMINS = [entry]
    ada = make_user(name="ada", email="aDa@example.com")
    assert recipients() == {("in_app", ada, None), ("email", ada, "aDa@example.com")}


@with_email
def test_similar_address_with_an_accent_is_not_that_of_a_developer(
    recipients: Any, make_user: MakeUser, settings: Any
) -> None:
    # Databases may treat letters with and without accents as equal.
    settings.ADMINS = ["ada@example.com"]
    make_user(name="another", email="àda@example.com")
    assert recipients() == {("email", None, "ada@example.com")}


@with_email
def test_inactive_developer_gets_no_notification(
    recipients: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = ["ada@example.com"]
    make_user(name="ada", email="ada@example.com", is_active=False)
    assert recipients() == set()


@pytest.mark.hosts("default", "login_required", "multi_db", "use_tz_false")
def test_two_users_with_one_mailbox_get_one_email(
    recipients: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = ["ada@example.com"]
    first = make_user(name="ada", email="ada@example.com")
    second = make_user(name="ada2", email="Ada@example.com")
    make_user(name="former", email="ada@example.com", is_active=False)
    assert recipients() == {
        ("in_app", first, None),
        ("in_app", second, None),
        ("email", first, "ada@example.com"),
    }


@pytest.mark.hosts("no_email_user")
def test_users_without_email_addresses_are_not_developers(
    recipients: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = ["ada@example.com"]
    make_user(name="ada@example.com")
    assert recipients() == {("email", None, "ada@example.com")}


# Managers


def grant_directly(user: Any, permission: Permission) -> None:
    user.user_permissions.add(permission)


def grant_by_group(user: Any, permission: Permission) -> None:
    group, _created = Group.objects.get_or_create(name="Managers")
    group.permissions.add(permission)
    user.groups.add(group)


def make_superuser(user: Any, permission: Permission) -> None:
    user.is_superuser = True
    user.save()


def grant_in_every_way(user: Any, permission: Permission) -> None:
    for grant in WAYS:
        grant(user, permission)


WAYS = [grant_directly, grant_by_group, make_superuser]


@pytest.fixture
def delete_permission(db: None) -> Permission:
    return Permission.objects.get(codename="delete_helpdeskticket")


@pytest.mark.parametrize("grant_by", [*WAYS, grant_in_every_way], ids=lambda way: way.__name__)
@pytest.mark.parametrize("is_active", [True, False], ids=["active", "inactive"])
def test_active_user_with_the_delete_permission_is_notified_once_in_app(
    recipients: Any,
    make_user: MakeUser,
    delete_permission: Permission,
    settings: Any,
    *,
    grant_by: Callable[[Any, Permission], None],
    is_active: bool,
) -> None:
    settings.ADMINS = []
    holder = make_user(is_active=is_active)
    grant_by(holder, delete_permission)
    assert recipients() == ({("in_app", holder, None)} if is_active else set())


def test_user_with_other_permissions_is_not_a_manager(
    recipients: Any, agent: Any, settings: Any
) -> None:
    settings.ADMINS = []
    assert recipients() == set()


def test_delete_permission_on_another_model_makes_no_manager(
    recipients: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = []
    for permission in Permission.objects.exclude(codename="delete_helpdeskticket"):
        make_user().user_permissions.add(permission)
    assert recipients() == set()


@pytest.mark.parametrize("backend", ["ListBackend", "QuerySetBackend"])
def test_active_users_that_an_authentication_backend_lists_are_notified(
    recipients: Any, make_user: MakeUser, settings: Any, backend: str
) -> None:
    settings.ADMINS = []
    settings.AUTHENTICATION_BACKENDS = [f"tests.support.backends.{backend}"]
    chief = make_user(name="chief")
    make_user(name="chief-former", is_active=False)
    make_user(name="clerk")
    assert recipients() == {("in_app", chief, None)}


@pytest.mark.parametrize(
    "backend", ["NoWithPermBackend", "UnsupportedBackend", "LazilyUnsupportedBackend"]
)
def test_authentication_backend_that_cannot_list_users_is_skipped(
    recipients: Any, manager: Any, settings: Any, backend: str
) -> None:
    settings.ADMINS = []
    settings.AUTHENTICATION_BACKENDS = [f"tests.support.backends.{backend}", MODEL_BACKEND]
    assert recipients() == {("in_app", manager, None)}


def test_user_listed_by_several_backends_is_notified_once(
    recipients: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = []
    settings.AUTHENTICATION_BACKENDS = [
        MODEL_BACKEND,
        "tests.support.backends.ListBackend",
        "tests.support.backends.QuerySetBackend",
    ]
    chief = make_user(name="chief", is_superuser=True)
    assert recipients() == {("in_app", chief, None)}


# Both


@with_email
def test_manager_who_is_a_developer_is_notified_once_per_channel(
    recipients: Any, developer: Any, grant: Callable[..., Any], settings: Any
) -> None:
    settings.ADMINS = settings.ADMINS[:1]
    grant(developer, "delete")
    assert recipients() == {("in_app", developer, None), ("email", developer, "ada@example.com")}


def test_manager_is_notified_of_their_own_ticket(
    create_ticket: Callable[..., HelpDeskTicket], manager: Any
) -> None:
    ticket = create_ticket(created_by=manager)
    assert ticket.events.get().notifications.filter(recipient=manager).count() == 1


def test_creator_without_a_role_changes_nothing_if_creators_are_not_notified(
    recipients: Any, manager: Any, settings: Any
) -> None:
    settings.ADMINS = []
    settings.HELP_DESK = {**settings.HELP_DESK, "NOTIFY_CREATORS_OF_OWN_TICKETS": False}
    assert recipients() == {("in_app", manager, None)}
