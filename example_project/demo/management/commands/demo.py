"""`manage.py demo`: create the demo data and start a server."""

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
STOP_TIMEOUT = 20
"""Seconds that the delivery process gets to finish its message."""

READY = """
The intranet is ready.

  Address      {address}
  Sign in as   {reporter:<6} employee: submits tickets and sees her own
               {manager:<6} manager: sees, changes and deletes all tickets
               {developer:<6} developer: works on tickets, gets an email for each new one
               {agent:<6} agent: works on tickets
  Password     {password} (all users)
  Mail {mail}
  {delivery}
"""
BY_LOOP = "Delivery     every second; see {log}"
BY_HAND = "Delivery     off; run manage.py help_desk_deliver and help_desk_status yourself"


class Server(ThreadingMixIn, WSGIServer):
    """Django's development server, with a thread per request."""

    daemon_threads = True


class Command(BaseCommand):
    help = "Create demo data unless it exists, and start the intranet."
    # Run in `handle`, after the port was opened.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=_port, default=DEFAULT_PORT)
        parser.add_argument("--fresh", action="store_true", help="Delete existing demo data first.")
        parser.add_argument(
            "--no-server", action="store_true", help="Create the data, but start no server."
        )
        parser.add_argument(
            "--no-delivery", action="store_true", help="Do not send notifications automatically."
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
        # Stop cleanly on `kill` and when the terminal is closed, as on Ctrl-C.
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.default_int_handler)
        server = None if no_server else _bind(port)
        # Links in emails contain the port.
        address = f"http://{HOST}:{port}"
        settings.HELP_DESK = {**settings.HELP_DESK, "SITE_URL": address}
        log = None if no_server or no_delivery else settings.DATA_DIR / "delivery.log"
        try:
            self.check()
            self._create_data(fresh=fresh)
            settings.ADDRESS_FILE.write_text(address)
            self._print_summary(address, log)
            if server is not None:
                self.stdout.write("Press Ctrl-C to stop. --fresh starts over.\n")
                self.stdout.flush()
                server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
                with _delivery(log):
                    server.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
        finally:
            if server is not None:
                server.server_close()

    def _print_summary(self, address: str, log: Path | None) -> None:
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

    def _create_data(self, *, fresh: bool) -> None:
        if fresh:
            _delete_data()
        settings.MAIL_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0, interactive=False)
        if User.objects.exists():
            self.stdout.write(f"Keeping the data in {settings.DATA_DIR}")
            return
        self.stdout.write("Creating users and half a year of tickets ...")
        self.stdout.flush()
        if settings.SMTP:
            # With a mail server, send only emails about the user's own actions.
            self.stdout.write(f"Created {seed(mails=0)} tickets.")
            return
        tickets = seed()
        mails = delivery.deliver().sent
        self.stdout.write(
            f"Created {tickets} tickets. The mail folder has the latest {mails} emails."
        )


@contextmanager
def _delivery(log: Path | None) -> Iterator[None]:
    """Run `help_desk_deliver` in a separate process, like a service."""
    if log is None:
        yield
        return
    command = [sys.executable, settings.BASE_DIR / "manage.py", "help_desk_deliver"]
    command += ["--loop", "--interval", "1"]
    with log.open("a") as file:
        # A new session, so that Ctrl-C reaches it only through `terminate` below.
        process = subprocess.Popen(  # noqa: S603 -- the command is above
            command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= LAST_PORT:
        raise ValueError
    return port


def _bind(port: int) -> Server:
    """Open the port before anything else, so that a failure changes no data."""
    try:
        return Server((HOST, port), WSGIRequestHandler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            problem = f"Port {port} is already in use"
        else:
            problem = f"Port {port} cannot be used: {error.strerror}"
        other = port + 1 if port < LAST_PORT else DEFAULT_PORT
        message = f"{problem}. Use another one, for example --port {other}."
        raise CommandError(message) from error


def _delete_data() -> None:
    """Delete the database, logs and emails, but no other files in the folder."""
    connection.close()
    database = settings.DATABASES["default"]["NAME"]
    for suffix in ("", "-journal", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    for name in ("address", "delivery.log"):
        (settings.DATA_DIR / name).unlink(missing_ok=True)
    if settings.MAIL_DIR.is_dir():
        shutil.rmtree(settings.MAIL_DIR)
