"""Makes a demonstration of the intranet, and starts it."""

from __future__ import annotations

import errno
import shutil
import signal
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any

from accounts.models import User
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.servers.basehttp import (
    WSGIRequestHandler,
    WSGIServer,
    get_internal_wsgi_application,
)
from django.db import connection

from demo import people
from demo.seed import seed
from help_desk.notifications import delivery

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
LAST_PORT = 65535

READY = """
The intranet is ready.

  Address      {address}
  Sign in as   {reporter:<6} reports problems
               {manager:<6} is the manager: sees, changes and deletes every ticket
               {developer:<6} is the developer: gets an e-mail of each new ticket
  Password     {password}, everybody's
  Mail folder  {mail}
"""


class Server(ThreadingMixIn, WSGIServer):
    """Django's development server; several requests at a time."""

    daemon_threads = True


class Command(BaseCommand):
    help = "Makes an intranet with people and tickets, keeps what is there, and starts it."
    # They are run once it is sure that there is a port.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=_port, default=DEFAULT_PORT)
        parser.add_argument("--fresh", action="store_true", help="Throw away what is there first.")
        parser.add_argument("--no-server", action="store_true", help="Only make the data.")

    def handle(self, *args: Any, port: int, fresh: bool, no_server: bool, **options: Any) -> None:
        # To be told to end is no less polite than Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server = None if no_server else _bind(port)
        # The links in e-mails lead to this port.
        address = f"http://{HOST}:{port}"
        settings.HELP_DESK = {**settings.HELP_DESK, "SITE_URL": address}
        try:
            self.check()
            self._make(fresh=fresh)
            self.stdout.write(
                READY.format(
                    address=f"{address}/",
                    reporter=people.REPORTER,
                    manager=people.MANAGER,
                    developer=people.DEVELOPER,
                    password=people.PASSWORD,
                    mail=settings.MAIL_DIR,
                )
            )
            if server is not None:
                self.stdout.write("Press Ctrl-C to stop it; --fresh starts over.\n")
                self.stdout.flush()
                server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
                server.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
        finally:
            if server is not None:
                server.server_close()

    def _make(self, *, fresh: bool) -> None:
        if fresh:
            _throw_away()
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0, interactive=False)
        if User.objects.exists():
            self.stdout.write(f"Keeping what is in {settings.DATA_DIR}")
            return
        self.stdout.write("Making people and half a year of tickets ...")
        self.stdout.flush()
        tickets = seed()
        mails = delivery.deliver().sent
        self.stdout.write(f"{tickets} tickets; e-mails of the newest {mails} are in the folder.")


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= LAST_PORT:
        raise ValueError
    return port


def _bind(port: int) -> Server:
    """Take the port before anything else is done."""
    try:
        return Server((HOST, port), WSGIRequestHandler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"Port {port} is taken by another program"
        else:
            problem = f"Port {port} cannot be used: {error.strerror}"
        other = port + 1 if port < LAST_PORT else DEFAULT_PORT
        message = f"{problem}. Choose another one, such as --port {other}."
        raise CommandError(message) from error


def _throw_away() -> None:
    """Delete the database and the mail, and nothing else that may lie there."""
    connection.close()
    database = settings.DATABASES["default"]["NAME"]
    for suffix in ("", "-journal", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    if settings.MAIL_DIR.is_dir():
        shutil.rmtree(settings.MAIL_DIR)
