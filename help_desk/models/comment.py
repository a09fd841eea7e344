"""Replies and internal notes."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from help_desk.querysets import TicketCommentQuerySet
from help_desk.validators import TEXT_MAX_LENGTH, validate_not_blank, validate_storable_text


class TicketComment(models.Model):
    """A public reply, or an internal note for users who can change tickets.

    Added and edited through `ticket.services`; earlier texts are in the history.
    """

    ticket = models.ForeignKey(
        "django_spire_help_desk.HelpDeskTicket",
        on_delete=models.CASCADE,
        related_name="comments",
        related_query_name="comment",
        verbose_name=_("Ticket"),
    )
    # Comments are kept when their author is deleted.
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
            MaxLengthValidator(TEXT_MAX_LENGTH),
            validate_storable_text,
            validate_not_blank,
        ],
        verbose_name=_("Text"),
    )
    is_internal = models.BooleanField(default=False, verbose_name=_("Internal note"))
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Created"))
    edited_datetime = models.DateTimeField(null=True, blank=True, verbose_name=_("Edited"))

    objects = TicketCommentQuerySet.as_manager()

    class Meta:
        db_table = "django_spire_help_desk_ticket_comment"
        default_permissions = ("view",)
        verbose_name = _("Comment")
        verbose_name_plural = _("Comments")

    def __str__(self) -> str:
        kind = _("Internal note") if self.is_internal else _("Reply")
        return f"{kind}: Ticket #{self.ticket_id}"
