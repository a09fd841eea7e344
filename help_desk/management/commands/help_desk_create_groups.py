"""`manage.py help_desk_create_groups`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, router, transaction

from help_desk.auth import policy
from help_desk.conf import help_desk_settings
from help_desk.management.arguments import add_database_argument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.core.management.base import CommandParser

USERS, STAFF, MANAGERS = "Help desk users", "Help desk staff", "Help desk managers"

GROUPS: Mapping[str, Sequence[str]] = {
    USERS: ("add",),  # With "view", they would see the tickets of everyone.
    STAFF: ("add", "view", "change"),
    MANAGERS: ("add", "view", "change", "delete"),
}


class Command(BaseCommand):
    """Create the groups that most sites need; running it again adds what is missing."""

    help = (
        f"Creates the groups {USERS!r}, {STAFF!r} and {MANAGERS!r} with their permissions. "
        "Groups that exist keep their members and their other permissions."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_database_argument(parser, "groups")

    def handle(self, *args: Any, database: str | None, **options: Any) -> None:
        _require_groups_of_users()
        using = database or router.db_for_write(Group)
        try:
            with transaction.atomic(using=using):
                permissions = _permissions(using)
                lines = [_complete(name, permissions, using) for name in GROUPS]
        except DatabaseError as error:
            message = f"Cannot use the database {using!r}: {error} Run: manage.py migrate"
            raise CommandError(message) from error
        self.stdout.write("\n".join(lines))
        if not help_desk_settings.CREATORS_SEE_OWN_TICKETS:
            self.stdout.write(
                f"Members of {USERS!r} can create tickets, but not view them. To let them follow "
                "their own, set HELP_DESK['CREATORS_SEE_OWN_TICKETS'] = True."
            )


def _require_groups_of_users() -> None:
    """Raise CommandError if the users of this project cannot be members of Django's groups."""
    user_model = get_user_model()
    try:
        model = user_model._meta.get_field("groups").related_model
    except FieldDoesNotExist:
        model = None
    if model is not Group:
        message = (
            f"The user model {user_model._meta.label} has no field 'groups' for Django's groups. "
            "Inherit from django.contrib.auth.models.PermissionsMixin, or grant the permissions "
            f"in your authentication backend: {policy.permission('add')} and the like."
        )
        raise CommandError(message)


def _permissions(using: str) -> dict[str, Permission]:
    """Return the permissions on tickets by action."""
    actions = GROUPS[MANAGERS]
    codenames = {policy.permission(action).partition(".")[2]: action for action in actions}
    rows = Permission.objects.using(using).filter(
        content_type__app_label=policy.APP_LABEL, codename__in=codenames
    )
    found = {codenames[permission.codename]: permission for permission in rows}
    if missing := [action for action in actions if action not in found]:
        message = (
            f"The database {using!r} has no permissions to {', '.join(missing)} tickets. "
            "Run: manage.py migrate"
        )
        raise CommandError(message)
    return found


def _complete(name: str, permissions: Mapping[str, Permission], using: str) -> str:
    """Create or complete a group, and return what was done."""
    group, is_new = Group.objects.using(using).get_or_create(name=name)
    held = set(group.permissions.values_list("pk", flat=True))
    missing = [action for action in GROUPS[name] if permissions[action].pk not in held]
    group.permissions.add(*(permissions[action] for action in missing))
    if is_new:
        return f"{name}: created, may {', '.join(missing)} tickets."
    if missing:
        return f"{name}: existed, may now {', '.join(missing)} tickets."
    return f"{name}: nothing to do."
