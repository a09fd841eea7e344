"""Fixtures and hooks for all tests, on every host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connections, router
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

import help_desk
from tests.support import databases
from tests.support.factories import CreatedTicketFactory, TicketFactory, UserFactory, has_email
from tests.support.mail import ScriptedBackend, mail_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from help_desk.models import HelpDeskTicket

ROOT = Path(__file__).parent.parent
HOST = os.environ.get("HELP_DESK_TEST_HOST", "default")


def pytest_configure(config: pytest.Config) -> None:
    """Stop before the first test if the run could not test what it reports."""
    if reason := databases.unreachable_reason():
        # Without the server, a local run is skipped; in CI it must fail.
        in_ci = bool(os.environ.get("CI"))
        message = f"{'FAILED' if in_ci else 'SKIPPED'}: {reason}"
        pytest.exit(message, returncode=int(in_ci))
    installed = Path(help_desk.__file__).parent
    if "HELP_DESK_TEST_INSTALLED" in os.environ and installed == ROOT / "help_desk":
        pytest.exit("The checkout is tested instead of the installed package.", returncode=1)


def pytest_report_header() -> str:
    """Report what is tested."""
    return (
        f"help_desk {help_desk.__version__} from {Path(help_desk.__file__).parent}\n"
        f"Django {django.__version__}, database {databases.chosen()}, host {HOST}"
    )


# Files and folders of tests that start projects, servers or processes of their own, or send
# thousands of requests. They get the marker `slow`, so that not every environment runs them; see
# the tox environments `slow`.
SLOW = (
    "auth/test_user_model_without_permissions.py",
    "browser/",
    "checks/test_delivery.py",
    "delivery/test_processes.py",
    "docs/",
    "example_project/",
    "faults/",
    "management/test_help_desk_create_groups_hosts.py",
    "management/test_help_desk_deliver.py",
    "migrations/test_interrupted_migrate.py",
    "package/",
    "security/",
    "services/test_locked_database.py",
    "services/test_parallel.py",
    "tasks/test_workers.py",
    "test_spire_alias.py",
    "test_translations.py",
)
# The chosen host and database make no difference to these; they run on the default host and SQLite.
INDEPENDENT = (
    "auth/test_user_model_without_permissions.py",
    "channels/webhook/test_http_post.py",
    "checks/test_delivery.py",
    "docs/",
    "example_project/",
    "management/test_help_desk_create_groups_hosts.py",
    "security/",
    "test_spire_alias.py",
    "test_translations.py",
    "text/",
    "views/test_stylesheet.py",
)


@pytest.hookimpl(tryfirst=True)  # `-m` selects by the marker that is added here
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark slow tests, and deselect tests of other hosts and databases."""
    deselected = []
    selected = []
    for item in items:
        path = item.path.relative_to(ROOT / "tests").as_posix()
        if path.startswith(SLOW):
            item.add_marker("slow")
        (selected if _belongs_here(item, path) else deselected).append(item)
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = selected
    if len(settings.DATABASES) > 1:
        for item in items:
            _open_every_database(item)


def _belongs_here(item: pytest.Item, path: str) -> bool:
    is_default = HOST == "default" and databases.chosen() == databases.SQLITE
    if path.startswith(INDEPENDENT) and not is_default:
        return False
    marker = item.get_closest_marker("hosts")
    return marker is None or HOST in marker.args


def _open_every_database(item: pytest.Item) -> None:
    marker = item.get_closest_marker("django_db")
    fixtures = set(getattr(item, "fixturenames", ()))
    if marker is None and not fixtures & {"db", "transactional_db"}:
        return
    options: dict[str, Any] = {"databases": "__all__"}
    if marker is None:
        options["transaction"] = "transactional_db" in fixtures
    else:
        options |= marker.kwargs
    item.add_marker(pytest.mark.django_db(**options), append=False)


@pytest.fixture(autouse=True)
def site_language() -> Iterator[None]:
    """Restore the site's language after a test that activated another one."""
    yield
    translation.deactivate()


@pytest.fixture
def database_alias() -> str:
    """The alias of the database with the help desk's tables; "default" on most hosts."""
    return router.db_for_write(TicketFactory._meta.model)


@pytest.fixture
def capture_queries(database_alias: str) -> Callable[[], CaptureQueriesContext]:
    """Capture queries to the help desk's database: `with capture_queries() as queries:`."""
    return lambda: CaptureQueriesContext(connections[database_alias])


@pytest.fixture
def user_has_email() -> bool:
    """Whether this host's users have email addresses."""
    return has_email(get_user_model())


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """Create a user; see `UserFactory`."""
    return UserFactory.create


@pytest.fixture
def make_ticket(db: None) -> Callable[..., HelpDeskTicket]:
    """Save a ticket directly, without notifications; see `TicketFactory`."""
    return TicketFactory.create


@pytest.fixture
def create_ticket(db: None) -> Callable[..., HelpDeskTicket]:
    """Create a ticket through the service; see `CreatedTicketFactory`."""
    return CreatedTicketFactory.create


@pytest.fixture
def grant(db: None) -> Callable[..., Any]:
    """Grant permissions on tickets to a user: `grant(user, "view", "change")`.

    It returns the user loaded again, without Django's permission cache.
    """

    def grant_to(user: Any, *actions: str) -> Any:
        for action in actions:
            permission = Permission.objects.get(
                content_type__app_label="django_spire_help_desk",
                codename=f"{action}_helpdeskticket",
            )
            user.user_permissions.add(permission)
        return type(user)._default_manager.get(pk=user.pk)

    return grant_to


@pytest.fixture
def user_without_permissions(make_user: Callable[..., Any]) -> Any:
    """A user without any permission on tickets."""
    return make_user(name="guest")


@pytest.fixture
def reporter(make_user: Callable[..., Any], grant: Callable[..., Any]) -> Any:
    """A user who creates and sees tickets: add and view."""
    return grant(make_user(name="reporter"), "add", "view")


@pytest.fixture
def agent(make_user: Callable[..., Any], grant: Callable[..., Any]) -> Any:
    """A user who works on tickets: add, change and view."""
    return grant(make_user(name="agent"), "add", "change", "view")


@pytest.fixture
def manager(make_user: Callable[..., Any], grant: Callable[..., Any]) -> Any:
    """A user with every permission on tickets; with delete, they are notified of new ones."""
    return grant(make_user(name="manager"), "add", "change", "delete", "view")


@pytest.fixture
def developer(make_user: Callable[..., Any]) -> Any:
    """A user without permissions who has the first address in ADMINS, if users have addresses."""
    first = settings.ADMINS[0]
    return make_user(name="ada", email=first if isinstance(first, str) else first[1])


@pytest.fixture
def ticket(make_ticket: Callable[..., HelpDeskTicket], reporter: Any) -> HelpDeskTicket:
    """A ticket of the reporter that no one was notified of."""
    return make_ticket(created_by=reporter)


@pytest.fixture
def client_of(db: None) -> Callable[[Any], Client]:
    """Return a client that is signed in: `client_of(manager).get(url)`."""

    def sign_in(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


class MailServer:
    """`ScriptedBackend`, and the settings that make Django use it."""

    def __init__(self, settings: Any) -> None:
        object.__setattr__(self, "_settings", settings)

    def use(self, backend: str) -> None:
        """Use another email backend."""
        for name, value in mail_through(backend).items():
            setattr(self._settings, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(ScriptedBackend, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(ScriptedBackend, name, value)


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """Accepts all mail; set `opening`, `closing` and `replies` to make it fail."""
    ScriptedBackend.reset()
    server = MailServer(settings)
    server.use("tests.support.mail.ScriptedBackend")
    yield server
    ScriptedBackend.reset()
