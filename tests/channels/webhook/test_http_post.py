"""One request: who is asked, for how long, and what the answer means."""

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
from help_desk.channels.webhook.addresses import is_public
from help_desk.channels.webhook.http_post import HEAD_LIMIT, post
from tests.support.receivers import Receiver, drip, flood, network, receiving, silence, status

HOST = "hooks.example.com"
PUBLIC = "93.184.215.14"
SHORT = 0.3


@pytest.fixture
def to_private_addresses(settings: Any) -> None:
    settings.HELP_DESK = {"WEBHOOKS_TO_PRIVATE_ADDRESSES": True}


def refusal(url: str, *, timeout: float = 5) -> NotSentError:
    with pytest.raises(NotSentError) as caught:
        post(url, b"{}", timeout=timeout)
    return caught.value


@pytest.mark.usefixtures("to_private_addresses")
class TestAnswer:
    @pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
    def test_success_is_success(self, receiver: Receiver, code: int) -> None:
        receiver.answer = status(code)
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
    def test_refusal_is_final_or_passing(
        self, receiver: Receiver, code: int, *, is_permanent: bool
    ) -> None:
        receiver.answer = status(code)
        error = refusal(receiver.url)
        assert error.is_permanent is is_permanent
        assert f"127.0.0.1 answered {code}" in str(error)

    @pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
    def test_redirect_is_not_followed(self, receiver: Receiver, code: int) -> None:
        with receiving() as elsewhere:
            receiver.answer = status(code, f"Location: {elsewhere.url}")
            error = refusal(receiver.url)
            assert elsewhere.requests == []
        assert error.is_permanent
        assert "redirects are not followed" in str(error)

    def test_endless_body_is_not_read(self, receiver: Receiver) -> None:
        receiver.answer = flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
        post(receiver.url, b"{}")
        assert len(receiver.requests) == 1

    def test_dripping_body_holds_nobody_up(self, receiver: Receiver) -> None:
        receiver.answer = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        post(receiver.url, b"{}", timeout=SHORT)

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(flood(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 99), id="headers"),
            pytest.param(flood(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 999), id="one-header"),
            pytest.param(flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), id="continue"),
            pytest.param(flood(b"", b"x" * 999), id="status-line"),
        ],
    )
    def test_endless_head_is_given_up(self, receiver: Receiver, answer: Any) -> None:
        receiver.answer = answer
        error = refusal(receiver.url)
        assert not error.is_permanent
        assert str(HEAD_LIMIT) in str(error) or "more than 100 headers" in str(error)

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(silence, id="silent"),
            pytest.param(drip(), id="drips-status-line"),
            pytest.param(drip(b"HTTP/1.1 200 OK\r\nX: "), id="drips-header"),
        ],
    )
    def test_slow_server_does_not_get_more_time(self, receiver: Receiver, answer: Any) -> None:
        receiver.answer = answer
        error = refusal(receiver.url, timeout=SHORT)
        assert not error.is_permanent
        assert "TimeoutError" in str(error)

    def test_body_that_is_taken_slowly_does_not_get_more_time(self) -> None:
        taken = []

        def take_slowly(server: socket.socket) -> None:
            connection, _address = server.accept()
            with connection, suppress(OSError):
                while piece := connection.recv(2**16):
                    taken.append(len(piece))
                    threading.Event().wait(0.005)

        body = b"x" * 20_000_000
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
            thread = threading.Thread(target=take_slowly, args=[server])
            thread.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"
            with pytest.raises(NotSentError, match="TimeoutError"):
                post(url, body, timeout=SHORT)
            thread.join()
        assert sum(taken) < len(body)

    @pytest.mark.parametrize("answer", [b"", b"\x00\x1b[31m\r\n\r\n"], ids=["none", "garbage"])
    def test_no_answer_is_tried_again(self, receiver: Receiver, answer: bytes) -> None:
        receiver.answer = answer
        error = refusal(receiver.url)
        assert not error.is_permanent
        assert str(error).isprintable()

    def test_refused_connection_is_tried_again(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            error = refusal(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        assert not error.is_permanent
        assert "ConnectionRefusedError" in str(error)

    def test_unknown_name_is_tried_again(self) -> None:
        error = refusal("http://no-such-host.invalid/")
        assert not error.is_permanent
        assert "no-such-host.invalid" in str(error)

    def test_slow_resolver_does_not_get_more_time(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        is_over = threading.Event()

        def look_up(*args: Any, **kwargs: Any) -> list[Any]:
            is_over.wait(10)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        error = refusal(receiver.url, timeout=SHORT)
        is_over.set()
        assert not error.is_permanent
        assert "looked up" in str(error)

    def test_second_address_is_tried_where_the_first_is_dead(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real_look_up = socket.getaddrinfo

        def look_up(host: str, port: int, **kwargs: Any) -> list[Any]:
            dead = real_look_up("127.0.0.1", 1, **kwargs)
            return dead + real_look_up("127.0.0.1", port, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
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
def test_url_that_cannot_be_used_is_named_without_what_it_holds(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = refusal(url)
    assert error.is_permanent
    assert "t0k" not in str(error)
    assert "t0k" not in caplog.text


class TestAddress:
    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:{}/", "http://localhost:{}/", "http://2130706433:{}/"]
    )
    def test_private_address_is_refused_however_it_is_written(
        self, receiver: Receiver, url: str
    ) -> None:
        error = refusal(url.format(receiver.port))
        assert receiver.requests == []
        assert error.is_permanent
        assert "WEBHOOKS_TO_PRIVATE_ADDRESSES" in str(error)

    def test_address_that_was_checked_is_the_one_that_is_used(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with network(monkeypatch, HOST, [[PUBLIC], ["127.0.0.1"]], receiver.port) as net:
            post(f"http://{HOST}/", b"{}")
        assert (net.looked_up, net.connected) == (1, [PUBLIC])
        (request,) = receiver.requests
        assert request.headers["Host"] == HOST

    @pytest.mark.parametrize(
        "answers",
        [
            pytest.param([["127.0.0.1"], [PUBLIC]], id="private-then-public"),
            pytest.param([[PUBLIC, "10.0.0.1"]], id="public-and-private"),
            pytest.param([["::ffff:127.0.0.1"]], id="mapped"),
        ],
    )
    def test_no_private_address_is_connected_to(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]
    ) -> None:
        with network(monkeypatch, HOST, answers, receiver.port) as net:
            error = refusal(f"http://{HOST}/")
        assert (net.looked_up, net.connected) == (1, [])
        assert error.is_permanent

    @pytest.mark.parametrize(
        "address",
        [
            *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "168.63.129.16"),
            *("169.254.169.254", "172.16.0.1", "192.0.0.1", "192.0.2.1", "192.88.99.1"),
            *("192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
            *("239.1.2.3", "240.0.0.1", "255.255.255.255"),
            *("::", "::1", "::ffff:8.8.8.8", "::ffff:10.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8"),
            *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1"),
            *("2002:808:808::1", "3fff::1", "4000::1", "fc00::1", "fd00:ec2::254", "fe80::1"),
            *("fe80::1%2", "fec0::1", "ff02::1", "ff0e::1"),
        ],
    )
    def test_address_that_is_not_the_public_network_s(self, address: str) -> None:
        assert not is_public(address)

    @pytest.mark.parametrize(
        "address", ["8.8.8.8", PUBLIC, "2606:4700:4700::1111", "2a00:1450:400a::1"]
    )
    def test_public_address(self, address: str) -> None:
        assert is_public(address)


class TestTls:
    @pytest.fixture(scope="class")
    @staticmethod
    def authority() -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def trusted(
        self, authority: trustme.CA, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Have this process trust the test's authority, as an operator would."""
        path = tmp_path / "authority.pem"
        authority.cert_pem.write_to_path(path)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))

    @staticmethod
    def context(authority: trustme.CA, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        return context

    def test_certificate_of_the_name_is_trusted_at_the_checked_address(
        self, authority: trustme.CA, trusted: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = self.context(authority, HOST)
        asked_for = []
        context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
        with (
            receiving(context) as receiver,
            network(monkeypatch, HOST, [[PUBLIC]], receiver.port) as net,
        ):
            post(f"https://{HOST}/", b"{}")
        assert (net.connected, asked_for) == ([PUBLIC], [HOST])
        assert len(receiver.requests) == 1

    @pytest.mark.parametrize("certified", ["other.example.com", PUBLIC])
    def test_certificate_of_another_name_is_refused(
        self,
        authority: trustme.CA,
        trusted: None,
        monkeypatch: pytest.MonkeyPatch,
        certified: str,
    ) -> None:
        with (
            receiving(self.context(authority, certified)) as receiver,
            network(monkeypatch, HOST, [[PUBLIC]], receiver.port),
        ):
            error = refusal(f"https://{HOST}/")
        assert receiver.requests == []
        assert "SSLCertVerificationError" in str(error)
        assert not error.is_permanent

    def test_certificate_that_nobody_vouches_for_is_refused(
        self, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with (
            receiving(self.context(authority, HOST)) as receiver,
            network(monkeypatch, HOST, [[PUBLIC]], receiver.port),
        ):
            error = refusal(f"https://{HOST}/")
        assert receiver.requests == []
        assert "SSLCertVerificationError" in str(error)

    @pytest.mark.usefixtures("to_private_addresses")
    def test_server_that_does_not_finish_the_handshake_gets_no_more_time(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"https://127.0.0.1:{server.getsockname()[1]}/"
            error = refusal(url, timeout=SHORT)
        assert not error.is_permanent
        assert "TimeoutError" in str(error)
