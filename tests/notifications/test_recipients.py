"""Who is told of a new ticket, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, Permission

from help_desk.models import HelpDeskTicket, Notification
from help_desk.notifications.recipients import address_in, developer_addresses

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser

    MakeUser = Callable[..., AbstractBaseUser]

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
with_email = pytest.mark.hosts(
    "default", "custom_user", "login_required", "multi_db", "use_tz_false"
)


@pytest.fixture
def told(
    create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> Callable[[], set[tuple[str, Any, str | None]]]:
    """Files a ticket and says who was told: channel, account, address."""

    def file() -> set[tuple[str, Any, str | None]]:
        ticket = create_ticket(created_by=reporter)
        rows = Notification.objects.filter(event__ticket=ticket)
        found = {(row.channel, row.recipient, row.address) for row in rows}
        assert len(found) == len(rows)
        return found

    return file


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
def test_address_in_an_entry_of_admins(entry: object, address: str) -> None:
    assert address_in(entry) == address


def test_each_address_counts_once_and_entries_without_one_not_at_all(settings: Any) -> None:
    settings.ADMINS = ["Ada@example.com", ("A.", "ada@EXAMPLE.com"), "Ada", "bob@example.com"]
    assert developer_addresses() == ["Ada@example.com", "bob@example.com"]


@pytest.mark.django_db
def test_address_without_an_account_gets_the_email(told: Any, settings: Any) -> None:
    settings.ADMINS = [("Ada", "ada@example.com"), "Bob <bob@example.com>"]
    assert told() == {("email", None, "ada@example.com"), ("email", None, "bob@example.com")}


@pytest.mark.django_db
@pytest.mark.parametrize("admins", [[], ["nobody"]], ids=["empty", "no-address"])
def test_nobody_is_told_where_there_is_nobody(told: Any, settings: Any, admins: Any) -> None:
    settings.ADMINS = admins
    assert told() == set()


@with_email
@pytest.mark.parametrize(
    "entry", ["Ada@Example.com", ("Ada", "ada@example.com"), "Ada <ADA@EXAMPLE.COM>"], ids=repr
)
def test_developer_is_told_in_the_app_and_by_email_at_the_accounts_address(
    told: Any, make_user: MakeUser, settings: Any, entry: Any
) -> None:
    settings.ADMINS = [entry]
    ada = make_user(name="ada", email="aDa@example.com")
    assert told() == {("in_app", ada, None), ("email", ada, "aDa@example.com")}


@with_email
def test_address_that_only_resembles_a_developers_is_a_strangers(
    told: Any, make_user: MakeUser, settings: Any
) -> None:
    # Databases may hold letters with and without accents for equal.
    settings.ADMINS = ["ada@example.com"]
    make_user(name="someone", email="àda@example.com")
    assert told() == {("email", None, "ada@example.com")}


@with_email
def test_inactive_account_of_a_developer_is_told_nothing(
    told: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = ["ada@example.com"]
    make_user(name="ada", email="ada@example.com", is_active=False)
    assert told() == set()


@pytest.mark.hosts("default", "login_required", "multi_db", "use_tz_false")
def test_two_accounts_with_one_mailbox_get_one_email_between_them(
    told: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = ["ada@example.com"]
    first = make_user(name="ada", email="ada@example.com")
    second = make_user(name="ada2", email="Ada@example.com")
    make_user(name="former", email="ada@example.com", is_active=False)
    assert told() == {
        ("in_app", first, None),
        ("in_app", second, None),
        ("email", first, "ada@example.com"),
    }


@pytest.mark.hosts("no_email_user")
def test_accounts_without_addresses_are_no_developers(
    told: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = ["ada@example.com"]
    make_user(name="ada@example.com")
    assert told() == {("email", None, "ada@example.com")}


# Managers


def give_directly(user: Any, permission: Permission) -> None:
    user.user_permissions.add(permission)


def give_by_group(user: Any, permission: Permission) -> None:
    group, _created = Group.objects.get_or_create(name="Managers")
    group.permissions.add(permission)
    user.groups.add(group)


def make_superuser(user: Any, permission: Permission) -> None:
    user.is_superuser = True
    user.save()


def give_in_every_way(user: Any, permission: Permission) -> None:
    for give in WAYS:
        give(user, permission)


WAYS = [give_directly, give_by_group, make_superuser]


@pytest.fixture
def delete_permission(db: None) -> Permission:
    return Permission.objects.get(codename="delete_helpdeskticket")


@pytest.mark.parametrize("give", [*WAYS, give_in_every_way], ids=lambda give: give.__name__)
@pytest.mark.parametrize("is_active", [True, False], ids=["active", "inactive"])
def test_active_holder_of_the_delete_permission_is_told_once_in_the_app(
    told: Any,
    make_user: MakeUser,
    delete_permission: Permission,
    settings: Any,
    *,
    give: Callable[[Any, Permission], None],
    is_active: bool,
) -> None:
    settings.ADMINS = []
    holder = make_user(is_active=is_active)
    give(holder, delete_permission)
    assert told() == ({("in_app", holder, None)} if is_active else set())


def test_other_permissions_make_no_manager(told: Any, agent: Any, settings: Any) -> None:
    settings.ADMINS = []
    assert told() == set()


def test_delete_permission_on_something_else_makes_no_manager(
    told: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = []
    for permission in Permission.objects.exclude(codename="delete_helpdeskticket"):
        make_user().user_permissions.add(permission)
    assert told() == set()


@pytest.mark.parametrize("backend", ["ListBackend", "QuerySetBackend"])
def test_active_holders_whom_a_hosts_backend_names_are_told(
    told: Any, make_user: MakeUser, settings: Any, backend: str
) -> None:
    settings.ADMINS = []
    settings.AUTHENTICATION_BACKENDS = [f"tests.support.backends.{backend}"]
    chief = make_user(name="chief")
    make_user(name="chief-emeritus", is_active=False)
    make_user(name="clerk")
    assert told() == {("in_app", chief, None)}


@pytest.mark.parametrize("backend", ["SilentBackend", "UnableBackend", "UnableLaterBackend"])
def test_backend_that_cannot_name_holders_is_passed_over(
    told: Any, manager: Any, settings: Any, backend: str
) -> None:
    settings.ADMINS = []
    settings.AUTHENTICATION_BACKENDS = [f"tests.support.backends.{backend}", MODEL_BACKEND]
    assert told() == {("in_app", manager, None)}


def test_holder_whom_several_backends_name_is_told_once(
    told: Any, make_user: MakeUser, settings: Any
) -> None:
    settings.ADMINS = []
    settings.AUTHENTICATION_BACKENDS = [
        MODEL_BACKEND,
        "tests.support.backends.ListBackend",
        "tests.support.backends.QuerySetBackend",
    ]
    chief = make_user(name="chief", is_superuser=True)
    assert told() == {("in_app", chief, None)}


# Both


@with_email
def test_manager_who_is_a_developer_is_told_once_by_each_channel(
    told: Any, developer: Any, grant: Callable[..., Any], settings: Any
) -> None:
    settings.ADMINS = settings.ADMINS[:1]
    grant(developer, "delete")
    assert told() == {("in_app", developer, None), ("email", developer, "ada@example.com")}


def test_manager_who_files_a_ticket_is_told_as_all_managers_are(
    create_ticket: Callable[..., HelpDeskTicket], manager: Any
) -> None:
    ticket = create_ticket(created_by=manager)
    assert ticket.events.get().notifications.filter(recipient=manager).count() == 1
