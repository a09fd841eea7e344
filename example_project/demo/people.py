"""The employees, and their permissions in the help desk."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Department, User
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission

PASSWORD = "demo"
"""The password of every user."""

TICKETS = "django_spire_help_desk"
GROUPS = {
    # The delete permission makes a user a manager, who is notified of every new ticket.
    "Help desk managers": (
        f"{TICKETS}.add_helpdeskticket",
        f"{TICKETS}.change_helpdeskticket",
        f"{TICKETS}.delete_helpdeskticket",
        f"{TICKETS}.view_helpdeskticket",
    ),
    "Help desk agents": (
        f"{TICKETS}.add_helpdeskticket",
        f"{TICKETS}.change_helpdeskticket",
        f"{TICKETS}.view_helpdeskticket",
    ),
    # HELP_DESK["CREATORS_SEE_OWN_TICKETS"] shows them the tickets that they submitted.
    "Staff": (f"{TICKETS}.add_helpdeskticket",),
    # Pages of the admin that developers can open.
    "Operators": (
        f"{TICKETS}.view_notification",
        f"{TICKETS}.view_ticketevent",
        "accounts.view_user",
        "auth.view_group",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Colleague:
    username: str
    name: str
    department: Department
    extension: str
    groups: tuple[str, ...] = ("Staff",)
    is_staff: bool = False
    """Whether they can open the admin."""
    is_active: bool = True


REPORTER = "rosa"
MANAGER = "mona"
DEVELOPER = "dora"
AGENT = "igor"

COLLEAGUES = (
    Colleague(
        username=REPORTER,
        name="Rosa Iversen",
        department=Department.ACCOUNTS,
        extension="214",
    ),
    Colleague(
        username=MANAGER,
        name="Mona Adeyemi",
        department=Department.OPERATIONS,
        extension="120",
        groups=("Help desk managers",),
    ),
    Colleague(
        username=DEVELOPER,
        name="Dora Lindqvist",
        department=Department.DEVELOPMENT,
        extension="301",
        groups=("Help desk agents", "Operators"),
        is_staff=True,
    ),
    Colleague(
        username=AGENT,
        name="Igor Petrov",
        department=Department.IT_SUPPORT,
        extension="310",
        groups=("Help desk agents",),
    ),
    Colleague(
        username="amira",
        name="Amira Haddad",
        department=Department.HUMAN_RESOURCES,
        extension="230",
    ),
    Colleague(
        username="ben",
        name="Ben O’Leary",  # noqa: RUF001 -- as he writes it
        department=Department.SALES,
        extension="241",
    ),
    Colleague(
        username="chiara",
        name="Chiara Fontana",
        department=Department.MARKETING,
        extension="252",
    ),
    Colleague(
        username="david", name="David Nguyen", department=Department.WAREHOUSE, extension="401"
    ),
    Colleague(username="emeka", name="Emeka Obi", department=Department.WAREHOUSE, extension="402"),
    Colleague(
        username="freya",
        name="Freya Johannsen",
        department=Department.RECEPTION,
        extension="100",
    ),
    Colleague(
        username="hiroshi",
        name="Hiroshi Tanaka",
        department=Department.PURCHASING,
        extension="261",
    ),
    Colleague(
        username="jana", name="Jana Nováková", department=Department.ACCOUNTS, extension="215"
    ),
    Colleague(
        username="luis",
        name="Luis García",
        department=Department.FACILITIES,
        extension="110",
    ),
    Colleague(
        username="priya",
        name="Priya Raman",
        department=Department.CUSTOMER_SERVICE,
        extension="270",
    ),
    Colleague(
        username="sami",
        name="Sami Koskinen",
        department=Department.CUSTOMER_SERVICE,
        extension="271",
    ),
    # Left the company; their tickets remain.
    Colleague(
        username="tom",
        name="Tom Baker-Lee",
        department=Department.SALES,
        extension="242",
        is_active=False,
    ),
)

BY_NAME = {colleague.username: colleague for colleague in COLLEAGUES}


def create_users() -> dict[str, User]:
    """Create all users and return them by username."""
    groups = {name: _create_group(name, permissions) for name, permissions in GROUPS.items()}
    password = make_password(PASSWORD)  # hashing is slow by design, so do it once
    users = {}
    for colleague in COLLEAGUES:
        user = User.objects.create(
            username=colleague.username,
            email=f"{colleague.username}@example.com",
            display_name=colleague.name,
            department=colleague.department,
            extension=colleague.extension,
            is_staff=colleague.is_staff,
            is_active=colleague.is_active,
            password=password,
        )
        user.groups.set(groups[name] for name in colleague.groups)
        users[colleague.username] = user
    return users


def _create_group(name: str, permissions: tuple[str, ...]) -> Group:
    group = Group.objects.create(name=name)
    for permission in permissions:
        app_label, codename = permission.split(".")
        group.permissions.add(
            Permission.objects.get(content_type__app_label=app_label, codename=codename)
        )
    return group
