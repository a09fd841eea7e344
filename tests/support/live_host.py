"""A small host with its own database, whose commands and workers are real processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hosts.default import settings as default_host
from tests.support import databases
from tests.support.mail import mail_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARK = "HELP_DESK_TEST_PROCESS"

MAIL_BACKEND = '''
import os, time
from django.core.mail.backends.base import BaseEmailBackend

class EmailBackend(BaseEmailBackend):
    """Accepts messages slowly and logs them."""
    def send_messages(self, messages):
        while "MAIL_GATE" in os.environ and not os.path.exists(os.environ["MAIL_GATE"]):
            time.sleep(0.05)
        for message in messages:
            time.sleep(float(os.environ.get("MAIL_SECONDS", "0")))
            line = f"{os.getpid()} {message.to[0]} {message.extra_headers['Message-ID']}\\n"
            with open("mails.txt", "a") as mails:
                mails.write(line)
        return len(messages)
'''

FAST_APP = """
import os
from datetime import timedelta
from django.apps import AppConfig

class FastConfig(AppConfig):
    name = "fast"
    def ready(self):
        # Shorten minutes to seconds.
        if "DEFAULT_TIMES" in os.environ:
            return
        from help_desk.management.commands import help_desk_deliver
        from help_desk.delivery import batch
        batch.LEASE, batch.LEASE_RESERVE = timedelta(seconds=3), timedelta(seconds=1)
        help_desk_deliver.MAX_PAUSE = 0.2
        try:
            from help_desk import tasks
        except Exception:
            return
        tasks.INTERVAL = 1
"""


class LiveHost:
    """A project in a folder: `manage("migrate")`, `start("db_worker")`, `python("...")`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "live_settings",
            "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)]),
        }
        database = databases.configuration() | {"NAME": f"help_desk_live_{uuid.uuid4().hex[:12]}"}
        if databases.chosen() == databases.SQLITE:
            database["NAME"] = str(folder / "live.sqlite3")
            database["OPTIONS"] = {"timeout": 20}
        self.database = database
        apps = settings.pop("INSTALLED_APPS", [])
        values = {
            **mail_through("live_mail.EmailBackend"),
            "DATABASES": {"default": database},
            **settings,
            "INSTALLED_APPS": [*default_host.INSTALLED_APPS, *apps, "fast.FastConfig"],
        }
        # The import also installs PyMySQL if mysqlclient is missing.
        head = "from tests.hosts.default.settings import *"
        lines = [head, *(f"{name} = {value!r}" for name, value in values.items())]
        (folder / "live_settings.py").write_text("\n".join(lines))
        (folder / "live_mail.py").write_text(MAIL_BACKEND)
        (folder / "fast.py").write_text(FAST_APP)
        (folder / "mails.txt").touch()
        self._processes: list[subprocess.Popen[str]] = []

    def python(self, script: str) -> str:
        """Run code after django.setup(), and return its output."""
        code = f"import django\ndjango.setup()\n{script}"
        return self._run(sys.executable, "-c", code)

    def manage(self, *arguments: str) -> str:
        """Run a management command, and return its output."""
        return self._run(sys.executable, "-m", "django", *arguments)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            check=False,  # the assertion shows its output
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a management command as a process; `kill` ends it and its children."""
        number = len(self._processes)
        with (self.folder / f"process{number}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "django", *arguments],
                cwd=self.folder,
                env=self.environment | environment | {MARK: f"{self.folder}:{number}"},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill a process and all its descendants, in whatever process group they are."""
        mark = f"{MARK}={self.folder}:{self._processes.index(process)}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended, or belongs to another user
                if mark in (folder / "environ").read_bytes():
                    os.kill(int(folder.name), signal.SIGKILL)
        process.kill()  # on systems without /proc

    def mails(self) -> Counter[tuple[str, str]]:
        """Return (recipient, Message-ID) to the number of times it was accepted."""
        lines = (self.folder / "mails.txt").read_text().splitlines()
        return Counter(tuple(line.split(" ")[1:]) for line in lines)

    def senders(self) -> set[int]:
        """Return the IDs of the processes that sent something."""
        lines = (self.folder / "mails.txt").read_text().splitlines()
        return {int(line.split(" ")[0]) for line in lines}

    def statuses(self) -> dict[str, int]:
        """Return status to the number of email rows."""
        return json.loads(
            self.python(
                "from collections import Counter\n"
                "from help_desk.models import Notification as N\n"
                "rows = N.objects.filter(channel='email')\n"
                "import json; print(json.dumps(Counter(rows.values_list('status', flat=True))))"
            )
        )

    def logs(self) -> str:
        """Return what the started processes wrote to stderr."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("process*.log")))

    def stop(self) -> None:
        """Kill the processes that still run, and drop the database."""
        for process in self._processes:
            self.kill(process)
            process.communicate()
        if databases.chosen() != databases.SQLITE:
            self.python(_SERVER.format(verb="DROP"))


_SERVER = """
from django.db import connection  # noqa: E402
name = connection.ops.quote_name(connection.settings_dict["NAME"])
with connection._nodb_cursor() as cursor:
    cursor.execute(f"{verb} DATABASE {{name}}")
"""


@contextmanager
def live_host(folder: Path, **settings: Any) -> Iterator[LiveHost]:
    """Create a host with a migrated database, and remove it afterwards."""
    host = LiveHost(folder, **settings)
    if databases.chosen() != databases.SQLITE:
        host.python(_SERVER.format(verb="CREATE"))
    try:
        host.manage("migrate", "--verbosity", "0")
        yield host
    finally:
        host.stop()


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for a condition that another process fulfills."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"Timed out after {seconds} seconds: {what}"
        time.sleep(0.05)
