"""Programs elsewhere that the help desk posts to: local servers that answer as a test says."""

from __future__ import annotations

import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from threading import Event, Thread

import pytest

from help_desk.channels.webhook.channel import WebhookChannel

SECRET = "a secret of forty-two characters, no less."

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"

Answer = bytes | Callable[["Receiver", socket.socket], None]


@dataclass(kw_only=True)
class Request:
    """What came in."""

    line: str
    headers: Message
    body: bytes


def status(code: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {code} So", *headers, "", ""]).encode()


def silence(receiver: Receiver, connection: socket.socket) -> None:
    """Say nothing, until the test is over."""
    receiver.is_over.wait(10)


def drip(head: bytes = b"") -> Answer:
    """Send something, then a byte now and then, without end."""

    def answer(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(head)
        while not receiver.is_over.wait(0.02):
            connection.sendall(b"x")

    return answer


def flood(head: bytes, piece: bytes) -> Answer:
    """Send something, then pieces without end, as fast as they are taken."""

    def answer(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(head)
        while not receiver.is_over.is_set():
            connection.sendall(piece)

    return answer


class Receiver(socketserver.ThreadingTCPServer):
    """A server on 127.0.0.1; keeps what comes in, and answers by `answers` in turn."""

    daemon_threads = True
    request_queue_size = 50

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        self.requests: list[Request] = []
        self.answers: list[Answer] = []
        self.answer: Answer = TAKEN
        self.is_over = Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what these tests are about."""


class _Handler(socketserver.StreamRequestHandler):
    server: Receiver

    def setup(self) -> None:
        if self.server.context is not None:
            self.request.settimeout(5)
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        line = self.rfile.readline().decode().strip()
        head = b"".join(iter(self.rfile.readline, b"\r\n"))
        headers = BytesHeaderParser().parsebytes(head)
        body = self.rfile.read(int(headers["Content-Length"]))
        receiver = self.server
        receiver.requests.append(Request(line=line, headers=headers, body=body))
        answer = receiver.answers.pop(0) if receiver.answers else receiver.answer
        if isinstance(answer, bytes):
            self.request.sendall(answer)
        else:
            answer(receiver, self.request)

    def finish(self) -> None:
        super().finish()
        self.request.close()


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a server as long as the block lasts."""
    with Receiver(context) as receiver:
        thread = Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.is_over.set()
            receiver.shutdown()
            thread.join()


@dataclass
class Network:
    """What names resolve to, and which server is behind public addresses.

    Tests reach nothing outside of this machine.
    """

    answers: list[list[str]]
    """Addresses for one look-up after the other; the last one stays."""
    port: int
    """Where connections to addresses other than loopback really go."""
    looked_up: int = 0
    connected: list[str] | None = None


@contextmanager
def network(
    monkeypatch: pytest.MonkeyPatch, host: str, answers: list[list[str]], port: int
) -> Iterator[Network]:
    """Have `host` resolve as the test says, and public addresses lead to a local server."""
    net = Network(answers=answers, port=port, connected=[])
    real_look_up, real_socket = socket.getaddrinfo, socket.socket

    def look_up(name: object, number: int, *args: object, **kwargs: object) -> list[object]:
        if name != host:
            return real_look_up(name, number, *args, **kwargs)
        found = net.answers[min(net.looked_up, len(net.answers) - 1)]
        net.looked_up += 1
        return [
            info for address in found for info in real_look_up(address, number, *args, **kwargs)
        ]

    class LocalSocket(real_socket):
        def connect(self, address: tuple[str, int]) -> None:
            net.connected.append(address[0])
            super().connect(("127.0.0.1", net.port))

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        patch.setattr(socket, "socket", LocalSocket)
        yield net


class HastyWebhookChannel(WebhookChannel):
    """Leaves a URL alone as soon as it has made others wait once."""

    timeout = 0.3
    time_share = 0.000_001
