"""What people say on a ticket."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from help_desk.querysets import TicketCommentQuerySet
from help_desk.validators import (
    DESCRIPTION_MAX_LENGTH,
    validate_some_text,
    validate_storable_text,
)


class TicketComment(models.Model):
    """A public reply, or an internal note among those who work on tickets.

    Written and corrected by `ticket.services` only; earlier texts are in the history.
    """

    ticket = models.ForeignKey(
        "django_spire_help_desk.HelpDeskTicket",
        on_delete=models.CASCADE,
        related_name="comments",
        related_query_name="comment",
        verbose_name=_("Ticket"),
    )
    # What was said outlives its author's account.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="help_desk_comments",
        related_query_name="help_desk_comment",
        verbose_name=_("Author"),
    )
    text = models.TextField(
        validators=[
            MaxLengthValidator(DESCRIPTION_MAX_LENGTH),
            validate_storable_text,
            validate_some_text,
        ],
        verbose_name=_("Text"),
    )
    is_internal = models.BooleanField(default=False, verbose_name=_("Internal note"))
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Written"))
    edited_datetime = models.DateTimeField(null=True, blank=True, verbose_name=_("Corrected"))

    objects = TicketCommentQuerySet.as_manager()

    unreached_mentions: tuple[str, ...] = ()
    """Names mentioned in it whose owners cannot be told; set by the service that wrote it."""

    class Meta:
        db_table = "django_spire_help_desk_ticket_comment"
        default_permissions = ("view",)
        verbose_name = _("Comment")
        verbose_name_plural = _("Comments")

    def __str__(self) -> str:
        """Say what it is, and on which ticket."""
        kind = _("Internal note") if self.is_internal else _("Reply")
        return f"{kind}: Ticket #{self.ticket_id}"
