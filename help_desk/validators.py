"""Validators that keep a text storable in every supported database."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TEXT_MAX_LENGTH = 100_000
"""Characters of a description or a comment; a printed page has about 3,000."""


def validate_storable_text(value: str) -> None:
    """Reject characters that a database cannot store.

    PostgreSQL stores no null characters (its documentation, section 8.3, "Character Types"),
    and a lone surrogate cannot be encoded as UTF-8 (RFC 3629, section 3).

    Args:
        value: The text.

    Raises:
        ValidationError: With code `null_characters_not_allowed` or `not_encodable`.
    """
    if "\x00" in value:
        raise ValidationError(
            _("Null characters are not allowed."), code="null_characters_not_allowed"
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValidationError(
            _("The text contains an invalid character. Remove it and try again."),
            code="not_encodable",
        ) from None


def validate_not_blank(value: str) -> None:
    """Reject a text that consists of white space only.

    Args:
        value: The text.

    Raises:
        ValidationError: With code `blank`, like Django's own for an empty text.
    """
    if not value.strip():
        raise ValidationError(_("This field cannot be blank."), code="blank")
