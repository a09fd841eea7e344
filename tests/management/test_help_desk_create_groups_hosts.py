"""`manage.py help_desk_create_groups` in hosts of their own: before `migrate`, other users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.isolated import SETTINGS, run_in_new_host

if TYPE_CHECKING:
    from pathlib import Path

RUN = """
import django
django.setup()
from django.core.management import CommandError, call_command
{before}
try:
    call_command("help_desk_create_groups")
except CommandError as error:
    print("CommandError:", error)
"""


def test_command_works_right_after_migrate(tmp_path: Path) -> None:
    script = RUN.format(before='call_command("migrate", verbosity=0)')
    out = run_in_new_host(tmp_path, script).stdout
    assert out.startswith("Help desk users: created, may add tickets.\n")


def test_missing_tables_are_an_error_that_names_migrate(tmp_path: Path) -> None:
    out = run_in_new_host(tmp_path, RUN.format(before="")).stdout
    assert out.startswith("CommandError: Cannot use the database 'default': ")
    assert out.endswith("Run: manage.py migrate\n")


MODELS = """
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
class User(AbstractBaseUser):
    name = models.CharField(max_length=20, unique=True)
    objects = BaseUserManager()
    USERNAME_FIELD = "name"
"""


def test_user_model_without_groups_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "__init__.py").write_text("")
    (tmp_path / "people" / "models.py").write_text(MODELS)
    apps = [*SETTINGS["INSTALLED_APPS"], "people"]
    out = run_in_new_host(
        tmp_path, RUN.format(before=""), INSTALLED_APPS=apps, AUTH_USER_MODEL="people.User"
    ).stdout
    assert out == (
        "CommandError: The user model people.User has no field 'groups' for Django's groups. "
        "Inherit from django.contrib.auth.models.PermissionsMixin, or grant the permissions in "
        "your authentication backend: django_spire_help_desk.add_helpdeskticket and the like.\n"
    )
