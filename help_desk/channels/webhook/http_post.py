"""One HTTP request to a program elsewhere, within limits.

The other side is not trusted: not with its address, which is checked after the name was
looked up, and which is then the one that is connected to; not with time, of which the
whole exchange has a little; not with memory: of an answer, its head is read and no more;
and not with leading us elsewhere by a redirect. No proxy is asked.
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
from help_desk.channels.webhook.addresses import is_public
from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from urllib.parse import SplitResult

    from _typeshed import ReadableBuffer, WriteableBuffer

TIMEOUT = 5.0
"""Seconds for the whole exchange."""

HEAD_LIMIT = 16 * 1024
"""Bytes of an answer that are read at most."""

PORTS = {"http": 80, "https": 443}

TRY_AGAIN = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses below 500 that pass."""


def post(
    url: str, body: bytes, headers: Mapping[str, str] | None = None, *, timeout: float = TIMEOUT
) -> None:
    """Send a request and see that it was taken.

    What addresses are allowed, the setting `WEBHOOKS_TO_PRIVATE_ADDRESSES` says.

    Args:
        url: Where to, by http or https; what is in it besides the host is not among the
            words of an error.
        body: What to send.
        headers: Header fields besides those that every request has.
        timeout: Seconds for the whole exchange, from the look-up of the name to the
            head of the answer.

    Raises:
        NotSentError: The answer was not one of success (2xx), or there was none.
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
        message = f"No answer from {parts.hostname}: {_words(error)}"
        raise NotSentError(message) from error
    except ValueError:
        # Characters that a request cannot have; Python's own words would show them.
        message = f"A request to {parts.hostname} cannot be made of this URL and these headers."
        raise NotSentError(message, is_permanent=True) from None
    _judge(status, str(parts.hostname))


def url_problem(url: object) -> str:
    """Say why there is no posting to a URL.

    Args:
        url: What is meant to be one.

    Returns:
        The end of a sentence that begins with "The URL"; empty if all is well.
    """
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return "is no text of the characters of ASCII; others are written in percent-encoding"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "cannot be read"
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        return "does not begin with http:// or https:// and a host"
    if "@" in parts.netloc:
        return "holds a user name or a password, which rows and logs would show"
    if "#" in url:
        return "has a fragment, which is not sent"
    return ""


def _split(url: str) -> SplitResult:
    if problem := url_problem(url):
        message = f"The URL {problem}."
        raise NotSentError(message, is_permanent=True)
    return urlsplit(url)


def _words(error: Exception) -> str:
    """Quote an error, which may quote the other side."""
    text = f"{type(error).__name__}: {error}"[:500]
    return "".join(character if character.isprintable() else "�" for character in text)


def _judge(status: int, host: str) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    try:
        answer = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        answer = str(status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        message = f"{host} answered {answer}, and redirects are not followed: set the final URL."
        raise NotSentError(message, is_permanent=True)
    is_passing = status in TRY_AGAIN or status // 100 == HTTPStatus.INTERNAL_SERVER_ERROR // 100
    message = f"{host} answered {answer}."
    raise NotSentError(message, is_permanent=not is_passing)


class _TimeLimit:
    """What is left of the time of one exchange."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Say how many seconds are left; more than none.

        Raises:
            TimeoutError: None are.
        """
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            message = f"no answer within {self._seconds:g} seconds"
            raise TimeoutError(message)
        return remaining


class _Connection(HTTPConnection):
    """Connects to an address that was checked, and keeps to the time."""

    def __init__(self, parts: SplitResult, limit: _TimeLimit) -> None:
        self._parts = parts
        self._limit = limit
        super().__init__(str(parts.hostname), parts.port or PORTS[parts.scheme])

    def connect(self) -> None:
        """Look the name up, once, and connect to what was found."""
        addresses = list(self._checked_addresses())
        sock = self._connected(addresses)
        try:
            if self._parts.scheme == "https":
                sock.settimeout(self._limit.remaining())
                context = ssl.create_default_context()
                # The certificate is to be the host's, whichever address it has.
                sock = context.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise
        self.sock = cast("socket.socket", _LimitedSocket(sock, self._limit))

    def _checked_addresses(self) -> Iterator[tuple[int, Any]]:
        for family, _type, _protocol, _name, address in _look_up(self.host, self.port, self._limit):
            number = str(address[0])
            if not help_desk_settings.WEBHOOKS_TO_PRIVATE_ADDRESSES and not is_public(number):
                message = (
                    f"{self.host} is at {number}, which is no public address; the setting "
                    "WEBHOOKS_TO_PRIVATE_ADDRESSES would allow it."
                )
                raise NotSentError(message, is_permanent=True)
            yield family, address

    def _connected(self, addresses: list[tuple[int, Any]]) -> socket.socket:
        """Try the addresses in order, each with its share of the time."""
        trouble: OSError = OSError("the name has no address")
        for tried, (family, address) in enumerate(addresses):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(self._limit.remaining() / (len(addresses) - tried))
                sock.connect(address)
            except OSError as error:
                sock.close()
                trouble = error
            else:
                return sock
        raise trouble


def _look_up(host: str, port: int, limit: _TimeLimit) -> list[Any]:
    """Ask for the addresses of a name.

    In a thread, because the system's resolver takes the time that it takes.
    """
    answers: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            answers.put(error)

    Thread(target=ask, name="help-desk-look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=limit.remaining())
    except Empty:
        message = "its name could not be looked up in time"
        raise TimeoutError(message) from None
    if isinstance(answer, Exception):
        raise answer
    return answer


class _LimitedSocket(io.RawIOBase):
    """As much of a socket as `http.client` uses; every step counts against the limits.

    A time-out of the socket's own would begin anew with every byte.
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
            message = f"the head of the answer is longer than {HEAD_LIMIT} bytes"
            raise OSError(message)
        self._sock.settimeout(self._limit.remaining())
        count = self._sock.recv_into(buffer, min(self._bytes_left, memoryview(buffer).nbytes))
        self._bytes_left -= count
        return count

    def close(self) -> None:
        if not self.closed:
            self._sock.close()
        super().close()
