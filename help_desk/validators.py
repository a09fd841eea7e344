"""What a text must be for every supported database to keep it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

DESCRIPTION_MAX_LENGTH = 100_000
"""Characters; a page of print has some 3,000."""


def validate_storable_text(value: str) -> None:
    """Refuse what a database cannot store.

    PostgreSQL keeps no NUL characters (its documentation, section 8.3, "Character
    Types"), and a lone surrogate cannot be encoded as UTF-8 (RFC 3629, section 3).

    Args:
        value: What somebody typed.

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
            _("This text contains half a character, which cannot be stored: remove it."),
            code="not_encodable",
        ) from None


def validate_some_text(value: str) -> None:
    """Refuse a text of nothing but white space.

    Args:
        value: What somebody typed.

    Raises:
        ValidationError: With code `blank`, as Django's own for an empty text.
    """
    if not value.strip():
        raise ValidationError(_("This field cannot be blank."), code="blank")
