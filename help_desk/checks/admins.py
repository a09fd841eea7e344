"""Django's setting `ADMINS`, whose entries are notified as developers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.checks import Error, Warning
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from help_desk.auth.developers import address_in

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


def check_admins(**kwargs: Any) -> list[CheckMessage]:
    """Check that there are developers to notify, each with an email address that can be used."""
    entries: list[object] = [*settings.ADMINS]
    if not entries:
        return [
            Warning(
                "ADMINS is empty, so no developer is notified of new tickets.",
                hint=_hint(),
                id="help_desk.W102",
            )
        ]
    messages: list[CheckMessage] = [
        Error(
            f"ADMINS contains {entry!r}, which is not an email address.",
            hint=_hint(),
            id="help_desk.E103",
        )
        for entry in entries
        if not _is_email(address_in(entry))
    ]
    plain = [entry for entry in entries if isinstance(entry, str)]
    if plain and _needs_pairs():
        messages.append(
            Warning(
                f"ADMINS contains {plain[0]!r} instead of a pair. The help desk accepts it, but "
                f"Django {django.VERSION[0]}.{django.VERSION[1]} raises ValueError when it "
                "reports an error by email, so no report is sent.",
                hint=_hint(),
                id="help_desk.W112",
            )
        )
    return messages


def _needs_pairs() -> bool:
    """Whether Django itself cannot use plain addresses. Django 6.0 deprecates pairs."""
    return django.VERSION < (6, 0)


def _hint() -> str:
    example = "('Name', 'developer@example.com')" if _needs_pairs() else "'developer@example.com'"
    return f"For example: ADMINS = [{example}]."


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
