"""Run the example project in separate processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

import help_desk

if TYPE_CHECKING:
    from email.message import EmailMessage

ROOT = Path(__file__).parents[2]
MANAGE = ROOT / "example_project" / "manage.py"
STARTED = "Press Ctrl-C"
TIMEOUT = 120
"""Seconds for a command; an idle machine needs about four."""


def free_port() -> int:
    """Return a port that is not in use."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Demonstration:
    """The intranet, with its data in a folder.

    Attributes:
        folder: Contains the database and the mail folder.
        url: Base URL of the started server, without a trailing slash.
        output: Console output of the start.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        """Prepare the environment; nothing is started yet.

        Args:
            folder: The folder for the data.
            **environment: Additional variables for its processes.
        """
        self.folder = folder
        self.url = ""
        self.output = ""
        self._process: subprocess.Popen[str] | None = None
        self._environment = {
            name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
        } | {
            "INTRANET_DATA_DIR": str(folder),
            # The same package as in the tests: the checkout or the installed wheel.
            "PYTHONPATH": str(Path(help_desk.__file__).parent.parent),
            **environment,
        }

    @property
    def database(self) -> Path:
        return self.folder / "intranet.sqlite3"

    def manage(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of `manage.py` with warnings as errors, and wait for it."""
        return subprocess.run(
            [sys.executable, "-W", "error", MANAGE, *arguments],
            env=self._environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def start(self, cwd: Path | None = None) -> None:
        """Start the server on a free port, and wait until it is ready."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", MANAGE, "demo", "--port", str(port)],
            env=self._environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Shells let background processes ignore SIGINT.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        self.output = ""
        while STARTED not in self.output:
            line = self._process.stdout.readline()
            assert line, self.output
            self.output += line

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop the server, and return its exit status and the rest of its output."""
        self._process.send_signal(how)
        rest, _ = self._process.communicate(timeout=30)
        return self._process.returncode, rest

    def mails(self) -> list[EmailMessage]:
        """Return the emails of the mail folder, oldest first."""
        files = sorted((self.folder / "mail").iterdir())
        return [
            message_from_bytes(part.lstrip(), policy=policy.default)
            for file in files
            for part in file.read_bytes().split(b"-" * 79)
            if part.strip()
        ]
