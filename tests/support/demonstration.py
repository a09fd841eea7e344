"""The example project, run in processes of its own."""

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
STARTS_WITHIN = 120
"""Seconds; an idle machine takes four."""


def free_port() -> int:
    """Find a port that nobody uses at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Demonstration:
    """An intranet with its data in a folder.

    Attributes:
        folder: Where database and mail lie.
        url: Where it is reached once it was started, without a slash at its end.
        output: What it printed while it started.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        """Know where it is.

        Args:
            folder: For the data.
            **environment: Variables for its processes.
        """
        self.folder = folder
        self.url = ""
        self.output = ""
        self._process: subprocess.Popen[str] | None = None
        self._environment = {
            name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"
        } | {
            "INTRANET_DATA_DIR": str(folder),
            # The package that the tests run with, be it the checkout or the wheel.
            "PYTHONPATH": str(Path(help_desk.__file__).parent.parent),
            **environment,
        }

    @property
    def database(self) -> Path:
        return self.folder / "intranet.sqlite3"

    def manage(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of `manage.py` to its end, with warnings as errors."""
        return subprocess.run(
            [sys.executable, "-W", "error", MANAGE, *words],
            env=self._environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STARTS_WITHIN,
            check=False,
        )

    def start(self, cwd: Path | None = None) -> None:
        """Start the server on a free port, and wait until it answers."""
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
            # Shells make what runs in the background deaf to it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        self.output = ""
        while STARTED not in self.output:
            line = self._process.stdout.readline()
            assert line, self.output
            self.output += line

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End the server.

        Returns:
            Its exit status, and what it printed since it had started.
        """
        self._process.send_signal(how)
        rest, _ = self._process.communicate(timeout=30)
        return self._process.returncode, rest

    def mails(self) -> list[EmailMessage]:
        """Read what lies in the mail folder, the oldest first."""
        files = sorted((self.folder / "mail").iterdir())
        return [
            message_from_bytes(part.lstrip(), policy=policy.default)
            for file in files
            for part in file.read_bytes().split(b"-" * 79)
            if part.strip()
        ]
