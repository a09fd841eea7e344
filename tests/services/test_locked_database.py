"""Requests that another transaction keeps from writing."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connections, transaction
from django.db.models.signals import post_save

from help_desk.models import HelpDeskTicket
from tests.support import databases
from tests.support.isolated import run_in_new_host
from tests.support.threads import needs_concurrent_writers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = {
    "INSTALLED_APPS": [
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "help_desk",
    ],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    # The help desk's own writes are tested.
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
    "ROOT_URLCONF": "tests.urls",
    "ALLOWED_HOSTS": ["testserver"],
}

SETUP = """
import django, logging, sqlite3, threading, time
django.setup()
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from help_desk.models import HelpDeskTicket, Notification

call_command("migrate", verbosity=0)
manager, author = User.objects.create_superuser("manager"), User.objects.create_user("author")
create = lambda: HelpDeskTicket.services.create(
    author, purpose="app", priority="low", description="It hums."
)
other = sqlite3.connect(
    settings.DATABASES["default"]["NAME"], isolation_level=None, check_same_thread=False
)
lock, unlock = lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK")

class Warnings(logging.Handler):
    texts = []
    unlock = False
    def emit(self, record):
        self.texts.append(record.getMessage())
        if self.unlock:
            self.unlock = False
            unlock()

warnings = Warnings()
logging.getLogger("help_desk").addHandler(warnings)
"""


def database(folder: Path, **values: Any) -> dict[str, Any]:
    options = {"timeout": 0.1, **values.pop("OPTIONS", {})}
    name = str(folder / "host.sqlite3")
    engine = "django.db.backends.sqlite3"
    return {"default": {"ENGINE": engine, "NAME": name, "OPTIONS": options, **values}}


def run(folder: Path, script: str, **settings: Any) -> None:
    run_in_new_host(folder, SETUP + script, **HOST, **settings)


@pytest.mark.hosts("default")
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"ATOMIC_REQUESTS": True},
        {"OPTIONS": {"transaction_mode": "IMMEDIATE"}},
    ],
    ids=["as Django sets it up", "atomic requests", "immediate transactions"],
)
def test_ticket_is_shown_although_it_cannot_be_marked_as_read(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    script = """
client = Client()
client.force_login(manager)
ticket = create()
lock()
start = time.monotonic()
response = client.get(ticket.get_absolute_url())
assert time.monotonic() - start < 10  # much less than the timeout
assert response.status_code == 200
assert response.context_data["unread_count"] == 1
(text,) = warnings.texts
assert "could not be marked as read: database is locked" in text, text
unlock()
assert client.get(ticket.get_absolute_url()).context_data["unread_count"] == 0
with connection.cursor() as cursor:
    cursor.execute("PRAGMA busy_timeout")
    assert cursor.fetchone() == (20_000,)
"""
    values = {**values, "OPTIONS": {"timeout": 20, **values.get("OPTIONS", {})}}
    run(tmp_path, script, DATABASES=database(tmp_path, **values))


@pytest.mark.hosts("default")
def test_changes_are_repeated_while_the_database_is_locked(tmp_path: Path) -> None:
    script = """
from help_desk.services.preferences import set_email_frequency, set_preferences
ticket = create()
services = ticket.services
comment = services.comment(author, "It hums.")
for change in (
    create,
    lambda: services.update(manager, priority="high"),
    lambda: services.assign(manager, actor=manager),
    lambda: services.start(manager),
    lambda: services.comment(manager, "Done.", status="done"),
    lambda: services.edit_comment(comment, "It hums loudly.", actor=author),
    lambda: services.mute(author),
    lambda: services.follow(author),
    lambda: services.delete(manager),
    lambda: set_preferences(author, {("reply", "email"): False}),
    lambda: set_email_frequency(author, "day"),
):
    warnings.texts.clear()
    lock()
    warnings.unlock = True  # with the first warning
    change()
    assert len(warnings.texts) == 1, warnings.texts
assert HelpDeskTicket.objects.count() == 2
assert [event.type for event in ticket.events.order_by("pk")] == [
    "new", "comment", "update", "update", "update", "comment", "update", "update"
]
"""
    run(tmp_path, script, DATABASES=database(tmp_path))


@pytest.mark.hosts("default")
def test_attempts_end_and_leave_nothing_behind(tmp_path: Path) -> None:
    script = """
lock()
ticket = HelpDeskTicket(created_by=author)
values = {"purpose": "app", "priority": "low", "description": "It hums."}
try:
    ticket.services.create(author, **values)
except OperationalError as error:
    assert "locked" in str(error)
else:
    raise AssertionError
assert len(warnings.texts) == 3
unlock()
assert ticket.pk is None and not HelpDeskTicket.objects.exists()
assert not Notification.objects.exists()
ticket.services.create(author, **values)
assert HelpDeskTicket.objects.get() == ticket
"""
    run(tmp_path, script, DATABASES=database(tmp_path))


@pytest.mark.hosts("default")
@pytest.mark.parametrize("is_manual", [False, True], ids=["atomic", "without autocommit"])
def test_transactions_of_the_host_are_not_repeated(tmp_path: Path, is_manual: bool) -> None:
    script = f"""
from contextlib import nullcontext
transaction.set_autocommit(not {is_manual})
lock()
try:
    with nullcontext() if {is_manual} else transaction.atomic():
        create()
except OperationalError:
    pass
else:
    raise AssertionError
assert not warnings.texts
"""
    run(tmp_path, script, DATABASES=database(tmp_path))


@pytest.mark.django_db(transaction=True)
def test_error_after_the_commit_does_not_repeat_the_change(
    reporter: Any, database_alias: str
) -> None:
    def fail() -> None:
        raise OperationalError(1213, "Deadlock found when trying to get lock")

    def fail_after_commit(**kwargs: Any) -> None:
        transaction.on_commit(fail, using=database_alias)

    ticket = HelpDeskTicket()
    post_save.connect(fail_after_commit, sender=HelpDeskTicket)
    try:
        with pytest.raises(OperationalError):
            ticket.services.create(reporter, purpose="app", priority="low", description="It hums.")
    finally:
        post_save.disconnect(fail_after_commit, sender=HelpDeskTicket)
    # The caller's instance is the ticket that was created, so saving it creates no other one.
    assert HelpDeskTicket.objects.get() == ticket


class WarningEvent(logging.Handler):
    """Sets an event with each warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.event = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.event.set()


@pytest.fixture
def warning() -> Iterator[WarningEvent]:
    handler = WarningEvent()
    logger = logging.getLogger("help_desk.services")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_change_is_repeated_when_another_transaction_has_ended(
    ticket: HelpDeskTicket, agent: Any, warning: WarningEvent, database_alias: str
) -> None:
    is_locked = threading.Event()

    def hold() -> None:
        with transaction.atomic(using=database_alias):
            HelpDeskTicket.objects.select_for_update().get(pk=ticket.pk)
            is_locked.set()
            warning.event.wait(30)
        connections.close_all()

    short_wait = {
        databases.POSTGRES: "SET lock_timeout = '50ms'",
        databases.MARIADB: "SET innodb_lock_wait_timeout = 1",
    }
    holder = threading.Thread(target=hold)
    holder.start()
    is_locked.wait(30)
    connection = connections[database_alias]
    with connection.cursor() as cursor:
        cursor.execute(short_wait[databases.chosen()])
    try:
        ticket.services.update(agent, status="prog")
        is_repeated = warning.event.is_set()
    finally:
        warning.event.set()
        holder.join()
        connection.close()
    assert is_repeated
    assert ticket.events.filter(type="update").count() == 1
