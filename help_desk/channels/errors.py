"""Errors of connections, as they are stored in rows and shown to staff."""

from __future__ import annotations

MAX_LENGTH = 500


def reason_of(error: Exception) -> str:
    """Return the reason for an error in one line, such as "connection refused".

    An error may quote a server, which can send anything.
    """
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if not text[:2].isupper():
        text = f"{text[:1].lower()}{text[1:]}"
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:MAX_LENGTH])
