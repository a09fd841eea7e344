"""The servers of a run: database, SMTP, web and deliveries. All of them end with the block."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.support import databases

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


class Site:
    """The shared folder, and the processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web_port = 0
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *module: str) -> subprocess.Popen[bytes]:
        """Start a Python module with the path of this process."""
        with (self.folder / f"{module[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                # -P: the folder must not come before the path that was chosen.
                [sys.executable, "-P", "-m", *module],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def start_web(self, *, workers: int, threads: int) -> None:
        """Start gunicorn on a free port."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.web_port = free.getsockname()[1]
        self.web = self.start(
            *("gunicorn", "tests.faults.wsgi", "--bind", f"127.0.0.1:{self.web_port}"),
            *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
            # Loaded before the fork, so that a killed worker is replaced at once.
            *("--preload", "--chdir", str(self.folder), "--graceful-timeout", "10"),
            *("--worker-tmp-dir", str(self.folder), "--log-level", "warning"),
            "--no-control-socket",
        )
        wait_until(self._is_web_reachable, "the web server")

    def _is_web_reachable(self) -> bool:
        if self.web.poll() is not None:
            sys.exit((self.folder / "gunicorn.log").read_text())
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.web_port), timeout=1).close()
            return True
        return False

    def stop(self, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
        """Terminate a process, or kill it if that takes too long."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stop_all(self) -> None:
        """Stop all processes, in the reverse order."""
        for process in reversed(self.processes):
            self.stop(process)

    def logs(self) -> str:
        """Return what the processes printed, without gunicorn's lines on killed workers."""
        lines = []
        for path in sorted(self.folder.glob("*.log")):
            text = path.read_text().splitlines()
            lines += [f"{path.name}: {line}" for line in text if "was sent SIGKILL" not in line]
        return "\n".join(lines[-100:])


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"Timed out: {what}.")
        time.sleep(0.05)


def end_children_on_sigterm() -> None:
    """Leave all blocks on SIGTERM, so that the children are ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Terminated."))


@contextmanager
def site(seed: int) -> Iterator[Site]:
    """Start the SMTP server, create the database, and set Django up in this process."""
    if reason := databases.unreachable_reason():
        sys.exit(reason)
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="help-desk-faults-"))
        found = Site(Path(name))
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "HELP_DESK_FAULTS_DIRECTORY": name,
            "HELP_DESK_FAULTS_DATABASE": f"help_desk_faults_{secrets.token_hex(6)}",
        }
        stack.callback(found.stop_all)
        found.start("tests.faults.smtp_server", str(seed))
        port = found.folder / "smtp_port"
        wait_until(port.exists, "the SMTP server")
        os.environ["HELP_DESK_FAULTS_SMTP_PORT"] = port.read_text()
        stack.enter_context(_database())
        # Before the database is dropped.
        stack.callback(found.stop_all)
        yield found


@contextmanager
def _database() -> Iterator[None]:
    import django  # noqa: PLC0415 -- needs the settings

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    is_server = databases.chosen() != databases.SQLITE
    try:
        if is_server:
            _execute("CREATE DATABASE {}")
        call_command("migrate", verbosity=0)
        yield
    finally:
        connections.close_all()
        if is_server:
            _execute("DROP DATABASE IF EXISTS {}")


def _execute(statement: str) -> None:
    from django.db import connection  # noqa: PLC0415

    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement.format(name))
