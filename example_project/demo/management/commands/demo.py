"""Makes a demonstration of the intranet, and starts it."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
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
from help_desk.delivery import runner as delivery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.core.management.base import CommandParser

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
LAST_PORT = 65535
RETRY_DELAYS = 20
"""Seconds that delivery gets to finish a message in the end."""

READY = """
The intranet is ready.

  Address      {address}
  Sign in as   {reporter:<6} reports problems
               {manager:<6} is the manager: sees, changes and deletes every ticket
               {developer:<6} is the developer: gets an e-mail of each new ticket
               {agent:<6} works on tickets, too
  Password     {password}, everybody's
  Mail {mail}
  {delivery}
"""
BY_LOOP = "Delivery     sends what waits each second; see {log}"
BY_HAND = "Delivery     by hand, with manage.py help_desk_deliver; help_desk_status says what waits"


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
        parser.add_argument(
            "--no-delivery", action="store_true", help="Leave it to you to send what waits."
        )

    def handle(
        self,
        *args: Any,
        port: int,
        fresh: bool,
        no_server: bool,
        no_delivery: bool,
        **options: Any,
    ) -> None:
        # To be told to end, or to lose the terminal, is no less polite than Ctrl-C.
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.default_int_handler)
        server = None if no_server else _bind(port)
        # The links in e-mails lead to this port.
        address = f"http://{HOST}:{port}"
        settings.HELP_DESK = {**settings.HELP_DESK, "SITE_URL": address}
        log = None if no_server or no_delivery else settings.DATA_DIR / "delivery.log"
        try:
            self.check()
            self._make(fresh=fresh)
            settings.ADDRESS_FILE.write_text(address)
            self._greet(address, log)
            if server is not None:
                self.stdout.write("Press Ctrl-C to stop it; --fresh starts over.\n")
                self.stdout.flush()
                server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
                with _delivery(log):
                    server.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
        finally:
            if server is not None:
                server.server_close()

    def _greet(self, address: str, log: Path | None) -> None:
        to_server, to_folder = f"server  {settings.SMTP}", f"folder  {settings.MAIL_DIR}"
        self.stdout.write(
            READY.format(
                address=f"{address}/",
                reporter=people.REPORTER,
                manager=people.MANAGER,
                developer=people.DEVELOPER,
                agent=people.AGENT,
                password=people.PASSWORD,
                mail=to_server if settings.SMTP else to_folder,
                delivery=BY_HAND if log is None else BY_LOOP.format(log=log),
            )
        )

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
        if settings.SMTP:
            # Somebody wants to see what becomes of their own tickets' mail.
            self.stdout.write(f"{seed(mails=0)} tickets.")
            return
        tickets = seed()
        mails = delivery.deliver().sent
        self.stdout.write(f"{tickets} tickets; the newest {mails} e-mails are in the folder.")


@contextmanager
def _delivery(log: Path | None) -> Iterator[None]:
    """Have what waits sent by a process of its own, as a service would."""
    if log is None:
        yield
        return
    command = [sys.executable, settings.BASE_DIR / "manage.py", "help_desk_deliver"]
    command += ["--loop", "--interval", "1"]
    with log.open("a") as file:
        # In a session of its own, so that Ctrl-C reaches it once: by the lines below.
        process = subprocess.Popen(  # noqa: S603 -- the command is above
            command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(RETRY_DELAYS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
    for name in ("address", "delivery.log"):
        (settings.DATA_DIR / name).unlink(missing_ok=True)
    if settings.MAIL_DIR.is_dir():
        shutil.rmtree(settings.MAIL_DIR)
