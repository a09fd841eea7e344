"""Receivers of webhooks: local servers that respond as a test requires."""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from threading import Event, Thread
from typing import Any

import pytest
from django.utils import timezone

from help_desk.channels.webhook.channel import WebhookChannel
from help_desk.models import Notification

SECRET = "a secret of forty-two characters, at least"

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"

Response = bytes | Callable[["Receiver", socket.socket], None]


@dataclass(kw_only=True)
class Request:
    """A received request."""

    line: str
    headers: Message
    body: bytes


def status(code: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {code} So", *headers, "", ""]).encode()


def no_response(receiver: Receiver, connection: socket.socket) -> None:
    """Send nothing until the test is over."""
    receiver.is_over.wait(10)


def slow_response(head: bytes = b"") -> Response:
    """Send a head, then single bytes without end."""

    def respond(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(head)
        while not receiver.is_over.wait(0.02):
            connection.sendall(b"x")

    return respond


def endless_response(head: bytes, piece: bytes) -> Response:
    """Send a head, then pieces without end, as fast as they are read."""

    def respond(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(head)
        while not receiver.is_over.is_set():
            connection.sendall(piece)

    return respond


class Receiver(socketserver.ThreadingTCPServer):
    """A server on 127.0.0.1 that keeps requests, and responds with `responses`, then `response`."""

    daemon_threads = True
    request_queue_size = 50

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context
        self.requests: list[Request] = []
        self.responses: list[Response] = []
        self.response: Response = NO_CONTENT
        self.is_over = Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]

    @property
    def kinds(self) -> list[list[str]]:
        """The kinds of each event received."""
        return [payload["event"]["kinds"] for payload in self.payloads]

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect, which these tests cause."""


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
        response = receiver.responses.pop(0) if receiver.responses else receiver.response
        if isinstance(response, bytes):
            self.request.sendall(response)
        else:
            response(receiver, self.request)

    def finish(self) -> None:
        super().finish()
        self.request.close()


@contextmanager
def run_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver for the duration of the block."""
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
    """The addresses that a name resolves to, and the local server that they connect to."""

    addresses: list[list[str]]
    """The addresses of each lookup, in order; the last ones are repeated."""
    port: int
    """The local port that every connection goes to."""
    lookups: int = 0
    connected: list[str] | None = None


@contextmanager
def network(
    monkeypatch: pytest.MonkeyPatch, host: str, addresses: list[list[str]], port: int
) -> Iterator[Network]:
    """Let `host` resolve as the test requires, and connect every address to a local server."""
    net = Network(addresses=addresses, port=port, connected=[])
    real_getaddrinfo, real_socket = socket.getaddrinfo, socket.socket

    def getaddrinfo(name: object, number: int, *args: object, **kwargs: object) -> list[object]:
        if name != host:
            return real_getaddrinfo(name, number, *args, **kwargs)
        found = net.addresses[min(net.lookups, len(net.addresses) - 1)]
        net.lookups += 1
        return [
            info for address in found for info in real_getaddrinfo(address, number, *args, **kwargs)
        ]

    class LocalSocket(real_socket):
        def connect(self, address: tuple[str, int]) -> None:
            net.connected.append(address[0])
            super().connect(("127.0.0.1", net.port))

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(socket, "socket", LocalSocket)
        yield net


class OneRequestWebhookChannel(WebhookChannel):
    """Sends at most one request per URL and batch."""

    timeout = 0.3
    max_time_per_url = 0.000_001


def make_webhooks_due() -> None:
    """Let the delay before the next attempt pass."""
    rows = Notification.objects.filter(channel="webhook", due_datetime__gt=timezone.now())
    rows.write(due_datetime=timezone.now())
