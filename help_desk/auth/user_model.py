"""The fields of the host's user model."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist


def has_user_field(name: str) -> bool:
    """Return whether the user model has a field of this name."""
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def user_email_field() -> str | None:
    """Return the name of the user model's email field, or None if it has none."""
    name = get_user_model().get_email_field_name()
    return name if has_user_field(name) else None


def email_of(user: Any) -> str:
    """Return a user's email address; empty without one."""
    email_field = user_email_field()
    return "" if email_field is None else getattr(user, email_field) or ""
