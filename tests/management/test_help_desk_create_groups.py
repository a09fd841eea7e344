"""`manage.py help_desk_create_groups`."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import router

if TYPE_CHECKING:
    from collections.abc import Callable

PERMISSIONS = {
    "Help desk users": {"add"},
    "Help desk staff": {"add", "view", "change"},
    "Help desk managers": {"add", "view", "change", "delete"},
}
HINT = (
    "Members of 'Help desk users' can create tickets, but not view them. To let them follow "
    "their own, set HELP_DESK['CREATORS_SEE_OWN_TICKETS'] = True."
)


def create_groups(**options: Any) -> list[str]:
    out = StringIO()
    call_command("help_desk_create_groups", stdout=out, **options)
    return out.getvalue().splitlines()


def actions_of(group: Group) -> set[str]:
    return {
        permission.codename.removesuffix("_helpdeskticket")
        for permission in group.permissions.filter(
            content_type__app_label="django_spire_help_desk",
            codename__endswith="_helpdeskticket",
        )
    }


def test_groups_are_created_with_their_permissions(db: None) -> None:
    assert create_groups() == [
        "Help desk users: created, may add tickets.",
        "Help desk staff: created, may add, view, change tickets.",
        "Help desk managers: created, may add, view, change, delete tickets.",
        HINT,
    ]
    assert {group.name: actions_of(group) for group in Group.objects.all()} == PERMISSIONS


def test_running_it_again_changes_nothing(db: None) -> None:
    create_groups(database=router.db_for_write(Group))
    assert create_groups() == [*(f"{name}: nothing to do." for name in PERMISSIONS), HINT]
    assert {group.name: actions_of(group) for group in Group.objects.all()} == PERMISSIONS


def test_existing_group_keeps_members_and_other_permissions(
    make_user: Callable[..., Any],
) -> None:
    group = Group.objects.create(name="Help desk staff")
    other = Permission.objects.exclude(content_type__app_label="django_spire_help_desk").first()
    view = Permission.objects.get(codename="view_helpdeskticket")
    group.permissions.add(other, view)
    user = make_user()
    user.groups.add(group)
    assert "Help desk staff: existed, may now add, change tickets." in create_groups()
    assert set(group.user_set.all()) == {user}
    assert other in group.permissions.all()
    assert actions_of(group) == PERMISSIONS["Help desk staff"]


@pytest.mark.parametrize("name", PERMISSIONS)
def test_members_can_open_the_pages_of_their_group(
    make_user: Callable[..., Any], client_of: Callable[..., Any], name: str
) -> None:
    create_groups()
    user = make_user()
    user.groups.add(Group.objects.get(name=name))
    client = client_of(user)
    assert client.get("/help_desk/form/create/").status_code == 200
    may_view = "view" in PERMISSIONS[name]
    assert client.get("/help_desk/page/list/").status_code == (200 if may_view else 403)


def test_no_hint_if_creators_see_their_tickets(db: None, settings: Any) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CREATORS_SEE_OWN_TICKETS": True}
    assert HINT not in create_groups()


def test_missing_permissions_are_an_error_that_names_migrate(db: None) -> None:
    Permission.objects.filter(codename="change_helpdeskticket").delete()
    with pytest.raises(CommandError, match=r"no permissions to change tickets.*manage.py migrate"):
        create_groups()
    assert not Group.objects.exists()
