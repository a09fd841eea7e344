"""What every response has, whatever the page is."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.test import Client
from django.urls import reverse

from tests.security.authorization import PAGES, rows_of
from tests.security.world import objects_for, undone
from tests.support.factories import UserFactory

pytestmark = pytest.mark.django_db

ROWS = [row for row in rows_of(PAGES) if row.method == "GET"]


@pytest.fixture(params=["superuser", "nobody"])
def responses(request: pytest.FixtureRequest) -> list[Any]:
    """The responses of every page and object, with all permissions and with none."""
    user = UserFactory(name=request.param, is_superuser=request.param == "superuser")
    client = Client()
    client.force_login(user)
    arguments = objects_for(user)
    found = []
    for row in ROWS:
        url = reverse(f"django_spire:help_desk:{row.route}", kwargs=arguments[row.object])
        with undone():
            found.append(client.get(url, headers={"origin": "https://evil.example"}))
    return found


def test_headers_of_every_page(responses: list[Any]) -> None:
    for response in responses:
        assert not response.has_header("Access-Control-Allow-Origin")
        assert response["Content-Type"] == "text/html; charset=utf-8"
        # These two are added by middlewares of Django's default settings; no page undoes them.
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"


class ForbiddenCache(BaseCache):
    """Fails a test that uses it."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        pytest.fail("A page reads from Django's cache.")

    def set(self, *args: Any, **kwargs: Any) -> Any:
        pytest.fail("A page writes to Django's cache.")

    def add(self, *args: Any, **kwargs: Any) -> Any:
        pytest.fail("A page writes to Django's cache.")


@pytest.fixture
def without_cache(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.ForbiddenCache"}}


@pytest.mark.usefixtures("without_cache", "responses")
def test_nothing_is_cached() -> None:
    """The fixture `responses` has opened every page; this shows that it would have failed."""
    with pytest.raises(pytest.fail.Exception):
        cache.get("x")


def test_trace_is_refused(client: Client) -> None:
    for row in ROWS:
        if "page:" in row.route and row.object == "-":
            url = reverse(f"django_spire:help_desk:{row.route}")
            assert client.trace(url).status_code == 405


def test_refused_access_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    user = UserFactory(name="nobody")
    client = Client()
    client.force_login(user)
    url = reverse("django_spire:help_desk:form:create")
    with caplog.at_level(logging.WARNING, logger="django.request"):
        assert client.get(url).status_code == 403
    assert f"Forbidden: {url}" in caplog.text
