"""Comments, and the condition that hides internal notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from help_desk.models.comment import TicketComment


class TicketCommentQuerySet(models.QuerySet["TicketComment"]):
    """Replies and internal notes."""

    def public(self) -> Self:
        """Return the replies, without internal notes."""
        return self.filter(is_internal=False)


def is_public(comment: str) -> models.Q:
    """Return the condition that a related comment, if any, is not an internal note."""
    return models.Q(**{comment: None}) | models.Q(**{f"{comment}__is_internal": False})
