"""One request: its address, its time limit, and the handling of the response."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

import pytest
import trustme

from help_desk.channels.base import NotSentError
from help_desk.channels.webhook.http_post import HEAD_LIMIT, post
from tests.support.receivers import (
    Receiver,
    endless_response,
    network,
    no_response,
    run_receiver,
    slow_response,
    status,
)

HOST = "hooks.example.com"
PUBLIC = "93.184.215.14"
SHORT = 0.3


@pytest.fixture
def to_private_addresses(settings: Any) -> None:
    settings.HELP_DESK = {"WEBHOOKS_TO_PRIVATE_ADDRESSES": True}


def post_error(url: str, *, timeout: float = 5) -> NotSentError:
    with pytest.raises(NotSentError) as caught:
        post(url, b"{}", timeout=timeout)
    return caught.value


@pytest.mark.usefixtures("to_private_addresses")
class TestResponse:
    @pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
    def test_2xx_is_success(self, receiver: Receiver, code: int) -> None:
        receiver.response = status(code)
        post(f"{receiver.url}?to=us", b'{"a": 1}', {"X-Mark": "7"})
        (request,) = receiver.requests
        assert request.line == "POST /hook?to=us HTTP/1.1"
        assert request.body == b'{"a": 1}'
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"
        assert request.headers["X-Mark"] == "7"

    @pytest.mark.parametrize(
        ("code", "is_permanent"),
        [
            *((code, False) for code in (408, 425, 429, 500, 502, 503, 504, 599)),
            *((code, True) for code in (400, 401, 403, 404, 405, 410, 413, 422, 499, 600)),
        ],
    )
    def test_other_status_is_permanent_or_temporary(
        self, receiver: Receiver, code: int, *, is_permanent: bool
    ) -> None:
        receiver.response = status(code)
        error = post_error(receiver.url)
        assert error.is_permanent is is_permanent
        assert f"127.0.0.1 responded with {code}" in str(error)

    @pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
    def test_redirect_is_not_followed(self, receiver: Receiver, code: int) -> None:
        with run_receiver() as elsewhere:
            receiver.response = status(code, f"Location: {elsewhere.url}")
            error = post_error(receiver.url)
            assert elsewhere.requests == []
        assert error.is_permanent
        assert "Redirects are not followed" in str(error)

    def test_endless_body_is_not_read(self, receiver: Receiver) -> None:
        receiver.response = endless_response(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
        post(receiver.url, b"{}")
        assert len(receiver.requests) == 1

    def test_slow_body_is_not_read(self, receiver: Receiver) -> None:
        receiver.response = slow_response(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        post(receiver.url, b"{}", timeout=SHORT)

    @pytest.mark.parametrize(
        "response",
        [
            pytest.param(
                endless_response(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 99), id="headers"
            ),
            pytest.param(endless_response(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 999), id="one-header"),
            pytest.param(
                endless_response(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), id="continue"
            ),
            pytest.param(endless_response(b"", b"x" * 999), id="status-line"),
        ],
    )
    def test_endless_head_is_an_error(self, receiver: Receiver, response: Any) -> None:
        receiver.response = response
        error = post_error(receiver.url)
        assert not error.is_permanent
        assert str(HEAD_LIMIT) in str(error) or "more than 100 headers" in str(error)

    @pytest.mark.parametrize(
        "response",
        [
            pytest.param(no_response, id="silent"),
            pytest.param(slow_response(), id="status-line-trickles"),
            pytest.param(slow_response(b"HTTP/1.1 200 OK\r\nX: "), id="header-trickles"),
        ],
    )
    def test_slow_server_does_not_extend_the_limit(self, receiver: Receiver, response: Any) -> None:
        receiver.response = response
        error = post_error(receiver.url, timeout=SHORT)
        assert not error.is_permanent
        assert "timed out" in str(error)

    def test_slowly_read_request_does_not_extend_the_limit(self) -> None:
        received = []

        def read_slowly(server: socket.socket) -> None:
            connection, _address = server.accept()
            with connection, suppress(OSError):
                while piece := connection.recv(2**16):
                    received.append(len(piece))
                    threading.Event().wait(0.005)

        body = b"x" * 20_000_000
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
            thread = threading.Thread(target=read_slowly, args=[server])
            thread.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"
            with pytest.raises(NotSentError, match="timed out"):
                post(url, body, timeout=SHORT)
            thread.join()
        assert sum(received) < len(body)

    @pytest.mark.parametrize("response", [b"", b"\x00\x1b[31m\r\n\r\n"], ids=["none", "garbage"])
    def test_missing_response_is_temporary(self, receiver: Receiver, response: bytes) -> None:
        receiver.response = response
        error = post_error(receiver.url)
        assert not error.is_permanent
        assert str(error).isprintable()

    def test_refused_connection_is_temporary(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            error = post_error(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        assert not error.is_permanent
        assert str(error) == "No response from 127.0.0.1 (connection refused)."

    def test_unknown_name_is_temporary(self) -> None:
        error = post_error("http://no-such-host.invalid/")
        assert not error.is_permanent
        assert "no-such-host.invalid" in str(error)

    def test_slow_resolver_does_not_extend_the_limit(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        is_over = threading.Event()

        def getaddrinfo(*args: Any, **kwargs: Any) -> list[Any]:
            is_over.wait(10)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        error = post_error(receiver.url, timeout=SHORT)
        is_over.set()
        assert not error.is_permanent
        assert "timed out while resolving" in str(error)

    def test_second_address_is_tried_if_the_first_fails(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real_getaddrinfo = socket.getaddrinfo

        def getaddrinfo(host: str, port: int, **kwargs: Any) -> list[Any]:
            dead = real_getaddrinfo("127.0.0.1", 1, **kwargs)
            return dead + real_getaddrinfo("127.0.0.1", port, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        post(f"http://{HOST}:{receiver.port}/", b"{}")
        assert len(receiver.requests) == 1


@pytest.mark.usefixtures("to_private_addresses")
@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.com/t0ken",
        "hooks.example.com/t0ken",
        "http://ada:t0ken@hooks.example.com/",
        "http://hooks.example.com/t0ken\r\nX-Mark: 7",
        "http://hooks.example.com/t0ken one",
        "http://hooks.example.com/t0kén",
        "http://hooks.example.com:port/t0ken",
        "http://hooks.example.com:0/t0ken",
        "http://[hooks/t0ken",
        "http:///t0ken",
        "http://hooks.example.com/#t0ken",
    ],
)
def test_invalid_url_is_permanent_and_not_quoted(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = post_error(url)
    assert error.is_permanent
    assert "t0k" not in str(error)
    assert "t0k" not in caplog.text


class TestAddress:
    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:{}/", "http://localhost:{}/", "http://2130706433:{}/"]
    )
    def test_private_address_is_rejected_in_every_notation(
        self, receiver: Receiver, url: str
    ) -> None:
        error = post_error(url.format(receiver.port))
        assert receiver.requests == []
        assert error.is_permanent
        assert "WEBHOOKS_TO_PRIVATE_ADDRESSES" in str(error)

    def test_connection_goes_to_the_checked_address(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with network(monkeypatch, HOST, [[PUBLIC], ["127.0.0.1"]], receiver.port) as net:
            post(f"http://{HOST}/", b"{}")
        assert (net.lookups, net.connected) == (1, [PUBLIC])
        (request,) = receiver.requests
        assert request.headers["Host"] == HOST

    @pytest.mark.parametrize(
        "addresses",
        [
            pytest.param([["127.0.0.1"], [PUBLIC]], id="private-then-public"),
            pytest.param([[PUBLIC, "10.0.0.1"]], id="public-and-private"),
            pytest.param([["::ffff:127.0.0.1"]], id="mapped"),
        ],
    )
    def test_no_connection_to_a_private_address(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, addresses: list[list[str]]
    ) -> None:
        with network(monkeypatch, HOST, addresses, receiver.port) as net:
            error = post_error(f"http://{HOST}/")
        assert (net.lookups, net.connected) == (1, [])
        assert error.is_permanent


class TestTls:
    @pytest.fixture(scope="class")
    @staticmethod
    def authority() -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def trusted(
        self, authority: trustme.CA, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Let this process trust the test's certificate authority, as an operator would."""
        path = tmp_path / "authority.pem"
        authority.cert_pem.write_to_path(path)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))

    @staticmethod
    def context(authority: trustme.CA, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        return context

    def test_certificate_must_match_the_name_not_the_address(
        self, authority: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = self.context(authority, HOST)
        server_names = []
        context.sni_callback = lambda _socket, name, _context: server_names.append(name)
        with (
            run_receiver(context) as receiver,
            network(monkeypatch, HOST, [[PUBLIC]], receiver.port) as net,
        ):
            post(f"https://{HOST}/", b"{}")
        assert (net.connected, server_names) == ([PUBLIC], [HOST])
        assert len(receiver.requests) == 1

    @pytest.mark.parametrize("certified", ["other.example.com", PUBLIC])
    def test_certificate_of_another_name_is_rejected(
        self,
        authority: trustme.CA,
        trusted: None,
        monkeypatch: pytest.MonkeyPatch,
        certified: str,
    ) -> None:
        with (
            run_receiver(self.context(authority, certified)) as receiver,
            network(monkeypatch, HOST, [[PUBLIC]], receiver.port),
        ):
            error = post_error(f"https://{HOST}/")
        assert receiver.requests == []
        assert "certificate verify failed" in str(error)
        assert not error.is_permanent

    def test_certificate_of_an_unknown_authority_is_rejected(
        self, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with (
            run_receiver(self.context(authority, HOST)) as receiver,
            network(monkeypatch, HOST, [[PUBLIC]], receiver.port),
        ):
            error = post_error(f"https://{HOST}/")
        assert receiver.requests == []
        assert "certificate verify failed" in str(error)

    @pytest.mark.usefixtures("to_private_addresses")
    def test_unfinished_handshake_does_not_extend_the_limit(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"https://127.0.0.1:{server.getsockname()[1]}/"
            error = post_error(url, timeout=SHORT)
        assert not error.is_permanent
        assert "timed out" in str(error)
