"""An SMTP server that accepts every message; the standard library no longer has one."""

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
        self._reply("220 ready")
        while line := self.rfile.readline():
            command = line.split()[0].upper()
            if command == b"DATA":
                self._reply("354 start mail input")
                self._receive_message()
            if command == b"QUIT":
                self._reply("221 bye")
                return
            self._reply("250 ok")

    def _receive_message(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.received.append(message_from_bytes(b"".join(lines), policy=policy.default))

    def _reply(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.received: list[EmailMessage] = []


@contextmanager
def running_server(port: int) -> Iterator[list[EmailMessage]]:
    """Receive mail on a port.

    Args:
        port: The port.

    Yields:
        The messages received so far.
    """
    with _Server(port) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.received
        finally:
            server.shutdown()
            thread.join()
