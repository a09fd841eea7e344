"""What each process did: lines of JSON in one file, which outlives the processes."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

FILE = "journal"


def directory() -> Path:
    """Return the folder that the processes of one run share."""
    return Path(os.environ["HELP_DESK_FAULTS_DIRECTORY"])


def write(kind: str, **values: Any) -> None:
    """Append a line; the operating system keeps lines of different processes apart."""
    line = json.dumps({"kind": kind, "time": time.time(), "pid": os.getpid(), **values})
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    file = os.open(directory() / FILE, flags, 0o600)
    try:
        os.write(file, f"{line}\n".encode())
    finally:
        os.close(file)


def fault(name: str, **values: Any) -> None:
    """Record that a fault is being caused."""
    write("fault", name=name, **values)


class Reader:
    """Reads the journal while it grows."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._position = 0

    def read(self) -> list[dict[str, Any]]:
        """Return all complete lines so far, in the order in which they were written."""
        path = directory() / FILE
        if path.exists():
            with path.open("rb") as file:
                file.seek(self._position)
                text = file.read()
            complete = text[: text.rfind(b"\n") + 1]
            self._position += len(complete)
            self.entries += [json.loads(line) for line in complete.splitlines()]
        return self.entries


class ErrorHandler(logging.Handler):
    """Records the errors of requests, to explain responses with status 500."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the journal."""
        error = record.exc_info[1] if record.exc_info else None
        text = "" if error is None else f"{type(error).__name__}: {error}"
        write("error", message=record.getMessage()[:300], error=text[:500])
