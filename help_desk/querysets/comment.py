"""What one can ask of comments, and of what is about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from help_desk.models import TicketComment


class TicketCommentQuerySet(models.QuerySet["TicketComment"]):
    """What people said on tickets."""

    def public(self) -> Self:
        """Replies, which everybody on the ticket may read."""
        return self.filter(is_internal=False)


def is_no_note(comment: str) -> models.Q:
    """Leave out internal notes.

    Args:
        comment: The path to a comment, which may not be there.

    Returns:
        The condition.
    """
    return models.Q(**{comment: None}) | models.Q(**{f"{comment}__is_internal": False})
