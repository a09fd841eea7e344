"""A host whose user model has no groups and permissions: permissions are its own business."""

from __future__ import annotations

from ast import literal_eval
from typing import TYPE_CHECKING

import pytest

from tests.support.isolated import run_in_new_host
from tests.support.mail import mail_through

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.hosts("default")

# As in https://docs.djangoproject.com/en/stable/topics/auth/customizing/#a-full-example.
MODELS = """
from django.contrib.auth.models import AbstractBaseUser
from django.db import models

class Employee(AbstractBaseUser):
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_admin = models.BooleanField(default=False)

    USERNAME_FIELD = "email"

    def has_perm(self, perm, obj=None):
        return self.is_admin or perm.endswith("view_helpdeskticket")

    def has_module_perms(self, app_label):
        return True
"""
BACKENDS = """
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend

class Directory(BaseBackend):
    def with_perm(self, perm, is_active=True, include_superusers=True, obj=None):
        return get_user_model().objects.filter(is_admin=True)
"""
SCRIPT = """
import django
django.setup()
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification

call_command("migrate", run_syncdb=True, verbosity=0)
User = get_user_model()
make = lambda name, **values: User.objects.create(email=f"{name}@example.com", **values)
clerk, chief = make("clerk"), make("chief", is_admin=True)
former = make("former", is_active=False, is_admin=True)
ticket = HelpDeskTicket.services.create(
    created_by=clerk, purpose="app", priority="low", description="@chief@example.com: it hums."
)
in_app = Notification.objects.filter(recipient=chief, channel="in_app")
print([row.kinds for row in in_app])
ticket.services.assign(chief, actor=clerk)
ticket.services.follow(former)
ticket.services.comment(chief, "We know.")
ticket.services.comment(chief, "Internal.", internal=True)
runner.deliver()
print(sorted((message.to[0], "Internal." in message.body) for message in mail.outbox))
"""


@pytest.mark.parametrize(
    ("backend", "kinds"),
    [
        # Django's own backend cannot list the managers.
        ("django.contrib.auth.backends.ModelBackend", ["mention"]),
        ("people.backends.Directory", ["mention", "new"]),
    ],
    ids=["django", "directory"],
)
def test_users_are_notified_as_far_as_their_model_and_the_backends_permit(
    tmp_path: Path, backend: str, kinds: list[str]
) -> None:
    (tmp_path / "people").mkdir()
    for name, code in {"__init__": "", "models": MODELS, "backends": BACKENDS}.items():
        (tmp_path / "people" / f"{name}.py").write_text(code, encoding="utf-8")
    done = run_in_new_host(
        tmp_path,
        SCRIPT,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "people",
            "help_desk",
        ],
        AUTH_USER_MODEL="people.Employee",
        AUTHENTICATION_BACKENDS=[backend],
        ADMINS=[],
        HELP_DESK={"DELIVERY": "command", "CHANGES_WINDOW": 0},
        **mail_through("django.core.mail.backends.locmem.EmailBackend"),
    )
    in_app, emails = map(literal_eval, done.stdout.splitlines())
    assert in_app == [kinds]
    # The mention, the assignment, and the reply to the creator; nobody else may read the note.
    assert emails == [
        ("chief@example.com", False),
        ("chief@example.com", False),
        ("clerk@example.com", False),
    ]
