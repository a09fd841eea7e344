"""Django's setting `ADMINS`, whose entries are notified as developers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import Error, Warning
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from help_desk.auth.developers import address_in

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

EXAMPLE = (
    "For example: ADMINS = ['developer@example.com'], "
    "or before Django 6.0 ADMINS = [('Name', 'developer@example.com')]."
)


def check_admins(**kwargs: Any) -> list[CheckMessage]:
    """Check that there are developers to notify, and that each has an email address."""
    if not settings.ADMINS:
        return [
            Warning(
                "ADMINS is empty, so no developer is notified of new tickets.",
                hint=EXAMPLE,
                id="help_desk.W102",
            )
        ]
    return [
        Error(
            f"ADMINS contains {entry!r}, which is not an email address.",
            hint=EXAMPLE,
            id="help_desk.E103",
        )
        for entry in settings.ADMINS
        if not _is_email(address_in(entry))
    ]


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
