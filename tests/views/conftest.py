"""Fixtures of the tests of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import RequestFactory
from django.urls import reverse

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test.utils import CaptureQueriesContext

    from help_desk.models import HelpDeskTicket


@pytest.fixture
def url_of() -> Callable[..., str]:
    """Return the URL of a page by its name within `help_desk`: `url_of("page:detail", ticket)`."""

    def build(name: str, row: Any = None) -> str:
        kwargs = None if row is None else {"pk": getattr(row, "pk", row)}
        return reverse(f"django_spire:help_desk:{name}", kwargs=kwargs)

    return build


@pytest.fixture
def ticket_data() -> dict[str, str]:
    """Valid data for the create form."""
    return {"purpose": "app", "priority": "high", "description": "The door is stuck."}


@pytest.fixture
def own_ticket(
    make_ticket: Callable[..., HelpDeskTicket], user_without_permissions: Any
) -> HelpDeskTicket:
    """A ticket created by the user without permissions."""
    return make_ticket(created_by=user_without_permissions)


@pytest.fixture
def render_queries(
    capture_queries: Callable[[], CaptureQueriesContext],
) -> Callable[..., list[dict[str, str]]]:
    """Call a view and return the queries that run after it, while the template is rendered."""

    def render(view: Any, user: Any, **kwargs: Any) -> list[dict[str, str]]:
        request = RequestFactory().get("/")
        request.user = user
        response = view(request, **kwargs)
        with capture_queries() as queries:
            response.render()
        return list(queries)

    return render
