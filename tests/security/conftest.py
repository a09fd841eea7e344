"""A user who may do everything, so that no permission hides what a request does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.support.factories import UserFactory


@pytest.fixture
def user(db: None) -> Any:
    """A superuser."""
    return UserFactory(name="manager", is_superuser=True, is_staff=True)


@pytest.fixture
def browser(user: Any) -> Client:
    """A client of that user."""
    client = Client()
    client.force_login(user)
    return client
