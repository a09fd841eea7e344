"""One HTTP request to another program, within limits.

The receiver is not trusted. Its address is checked after the name was resolved, and the
connection goes to the address that was checked. The whole exchange has a time limit. Only the
head of the response is read. Redirects are not followed, and no proxy is used.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from help_desk.channels.base import NotSentError
from help_desk.channels.errors import reason_of
from help_desk.channels.webhook.addresses import is_public
from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from urllib.parse import SplitResult

    from _typeshed import ReadableBuffer, WriteableBuffer

TIMEOUT = 5.0
"""Seconds for the whole exchange."""

HEAD_LIMIT = 16 * 1024
"""The maximum number of bytes of a response that are read."""

PORTS = {"http": 80, "https": 443}

RETRYABLE_STATUSES = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses below 500 after which a retry may succeed."""


def post(
    url: str, body: bytes, headers: Mapping[str, str] | None = None, *, timeout: float = TIMEOUT
) -> None:
    """Send a JSON body in a POST request.

    Args:
        url: An HTTP or HTTPS URL at a public address, or at any address with the setting
            `WEBHOOKS_TO_PRIVATE_ADDRESSES`. Errors contain no more of it than the host.
        body: The body.
        headers: Additional headers.
        timeout: Seconds for the whole exchange, from resolving the name to the head of the
            response.

    Raises:
        NotSentError: The response was not one of success (2xx), or there was none.
    """
    parts = _split(url)
    limit = _TimeLimit(timeout)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    fields = {
        "Content-Type": "application/json",
        "User-Agent": "django-deskside",
        **(headers or {}),
        "Host": parts.netloc,
        "Connection": "close",
    }
    try:
        with closing(_Connection(parts, limit)) as connection:
            connection.request("POST", path, body, fields)
            with closing(HTTPResponse(connection.sock, method="POST")) as response:
                response.begin()
                status = response.status
    except (OSError, HTTPException) as error:
        message = f"No response from {parts.hostname} ({reason_of(error)})."
        raise NotSentError(message) from error
    except ValueError:
        # Python's own message would quote URL or headers.
        message = f"URL or headers of the request to {parts.hostname} are invalid."
        raise NotSentError(message, is_permanent=True) from None
    _check_status(status, str(parts.hostname))


def url_problem(url: object) -> str:
    """Return why a URL is invalid, as the end of a sentence that begins with "The URL"."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return "must be ASCII text without spaces; use percent-encoding for other characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is malformed"
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        return "must begin with http:// or https:// and a host"
    if "@" in parts.netloc:
        return "must not contain a user name or password, because staff can read it"
    if "#" in url:
        return "must not contain a fragment"
    return ""


def _split(url: str) -> SplitResult:
    if problem := url_problem(url):
        message = f"The URL {problem}."
        raise NotSentError(message, is_permanent=True)
    return urlsplit(url)


def _check_status(status: int, host: str) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        response = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        response = str(status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        message = (
            f"{host} responded with {response}. Redirects are not followed: use the final URL."
        )
        raise NotSentError(message, is_permanent=True)
    is_server_error = status // 100 == HTTPStatus.INTERNAL_SERVER_ERROR // 100
    message = f"{host} responded with {response}."
    raise NotSentError(
        message, is_permanent=not is_server_error and status not in RETRYABLE_STATUSES
    )


class _TimeLimit:
    """The time limit of one exchange."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left; raise TimeoutError if there are none."""
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            message = f"timed out after {self._seconds:g} seconds"
            raise TimeoutError(message)
        return remaining


class _Connection(HTTPConnection):
    """Connects to an address that was checked, within the time limit."""

    def __init__(self, parts: SplitResult, limit: _TimeLimit) -> None:
        self._parts = parts
        self._limit = limit
        super().__init__(str(parts.hostname), parts.port or PORTS[parts.scheme])

    def connect(self) -> None:
        """Resolve the name once, and connect to a resulting address."""
        addresses = list(self._checked_addresses())
        sock = self._connected(addresses)
        try:
            if self._parts.scheme == "https":
                sock.settimeout(self._limit.remaining())
                context = ssl.create_default_context()
                # The certificate must be that of the host name, not of the address.
                sock = context.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise
        self.sock = cast("socket.socket", _LimitedSocket(sock, self._limit))

    def _checked_addresses(self) -> Iterator[tuple[int, Any]]:
        for family, _type, _protocol, _name, address in _resolve(self.host, self.port, self._limit):
            ip = str(address[0])
            if not help_desk_settings.WEBHOOKS_TO_PRIVATE_ADDRESSES and not is_public(ip):
                message = (
                    f"{self.host} resolves to {ip}, which is not a public address. To allow it, "
                    "set HELP_DESK['WEBHOOKS_TO_PRIVATE_ADDRESSES'] = True."
                )
                raise NotSentError(message, is_permanent=True)
            yield family, address

    def _connected(self, addresses: list[tuple[int, Any]]) -> socket.socket:
        """Try the addresses in order, each with an equal share of the time that is left."""
        last_error = OSError("the name has no address")
        for tried, (family, address) in enumerate(addresses):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(self._limit.remaining() / (len(addresses) - tried))
                sock.connect(address)
            except OSError as error:
                sock.close()
                last_error = error
            else:
                return sock
        raise last_error


def _resolve(host: str, port: int, limit: _TimeLimit) -> list[Any]:
    """Resolve a name in a thread, because the system's resolver has no time limit."""
    results: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def resolve() -> None:
        try:
            results.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            results.put(error)

    Thread(target=resolve, name="help-desk-resolver", daemon=True).start()
    try:
        result = results.get(timeout=limit.remaining())
    except Empty:
        message = "timed out while resolving the name"
        raise TimeoutError(message) from None
    if isinstance(result, Exception):
        raise result
    return result


class _LimitedSocket(io.RawIOBase):
    """The part of a socket that `http.client` uses, with limits on time and bytes.

    A socket's own timeout starts again with every byte.
    """

    def __init__(self, sock: socket.socket, limit: _TimeLimit) -> None:
        self._sock = sock
        self._limit = limit
        self._bytes_left = HEAD_LIMIT

    def sendall(self, data: ReadableBuffer) -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self._limit.remaining())
            rest = rest[self._sock.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._bytes_left <= 0:
            message = f"the head of the response is longer than {HEAD_LIMIT} bytes"
            raise OSError(message)
        self._sock.settimeout(self._limit.remaining())
        count = self._sock.recv_into(buffer, min(self._bytes_left, memoryview(buffer).nbytes))
        self._bytes_left -= count
        return count

    def close(self) -> None:
        if not self.closed:
            self._sock.close()
        super().close()
