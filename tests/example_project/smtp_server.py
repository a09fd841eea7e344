"""An SMTP server that takes everything; Python has none any more."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


class _Handler(StreamRequestHandler):
    """One connection, as in RFC 5321, section 3."""

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            command = line.split()[0].upper()
            if command == b"DATA":
                self._say("354 go on")
                self._take()
            if command == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.received.append(message_from_bytes(b"".join(lines), policy=policy.default))

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.received: list[EmailMessage] = []


@contextmanager
def running_server(port: int) -> Iterator[list[EmailMessage]]:
    """Take mail on a port.

    Args:
        port: The port.

    Yields:
        What was received so far.
    """
    with _Server(port) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.received
        finally:
            server.shutdown()
            thread.join()
