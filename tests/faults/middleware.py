"""Faults in requests that ask for one: `X-Fault: NAME:NUMBER OF THE STATEMENT`."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tests.faults.statements import Disturbance


class FaultMiddleware:
    """Disturbs a statement of the request; the response says whether that happened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond to the request."""
        header = request.headers.get("X-Fault")
        if not header:
            return self.get_response(request)
        name, _, number = header.partition(":")
        disturbance = Disturbance(name, int(number), request=request.headers["X-Request"])
        with disturbance.active():
            response = self.get_response(request)
        if disturbance.has_fired:
            response["X-Fault-Fired"] = "1"
        return response
