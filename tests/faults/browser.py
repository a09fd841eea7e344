"""A signed-in user's browser: cookies, forms, and a record of each request."""

from __future__ import annotations

import http.client
import re
import secrets
import time
import uuid
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tests.faults.people import PASSWORD

TIMEOUT = 90
_VERSION = re.compile(r'name="version" value="(\d+)"')


@dataclass
class Response:
    """What came back, and when."""

    id: str
    route: str
    user: str
    start: float
    end: float = 0.0
    status: int | None = None
    """None if the connection broke before a response."""
    error: str = ""
    location: str = ""
    has_fault_fired: bool = False
    body: str = field(default="", repr=False)

    @property
    def is_saved(self) -> bool:
        """Whether a post was answered by the redirect that follows a change."""
        return self.status == 302 and "/accounts/login/" not in self.location

    @property
    def version(self) -> str:
        """The version of the ticket in the page's forms; empty if there is none."""
        found = _VERSION.search(self.body)
        return found[1] if found else ""


class Browser:
    """One user."""

    def __init__(self, name: str, port: int, responses: list[Response]) -> None:
        self.name = name
        self.port = port
        self.responses = responses
        self.cookies = {"csrftoken": secrets.token_hex(16)}

    def sign_in(self) -> bool:
        """Sign in, and return whether that worked."""
        self.get("/accounts/login/", "sign in (form)")
        data = {"username": self.name, "password": PASSWORD}
        location = "/help_desk/page/list/"
        found = self.post(f"/accounts/login/?next={location}", "sign in", data)
        return found.status == 302 and found.location == location

    def get(self, path: str, route: str) -> Response:
        """Open a page."""
        return self._request("GET", path, route, {}, "")

    def post(self, path: str, route: str, data: dict[str, Any], fault: str = "") -> Response:
        """Submit a form."""
        return self._request("POST", path, route, data, fault)

    def _request(
        self, method: str, path: str, route: str, data: dict[str, Any], fault: str
    ) -> Response:
        response = Response(uuid.uuid4().hex, route, self.name, time.time())
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Request": response.id,
        }
        body = None
        if method == "POST":
            body = urlencode({**data, "csrfmiddlewaretoken": self.cookies["csrftoken"]})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if fault:
            headers["X-Fault"] = fault
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, headers)
            self._read(connection.getresponse(), response)
        except (OSError, http.client.HTTPException) as error:
            response.error = f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        response.end = time.time()
        self.responses.append(response)
        return response

    def _read(self, answer: http.client.HTTPResponse, response: Response) -> None:
        body = answer.read().decode()
        response.location = answer.headers.get("Location", "")
        response.has_fault_fired = "X-Fault-Fired" in answer.headers
        for header in answer.headers.get_all("Set-Cookie", ()):
            for name, morsel in SimpleCookie(header).items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        # Only now: a response that broke off is none.
        response.status, response.body = answer.status, body
