"""What happened to a ticket."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from help_desk.enums import TicketEventType
from help_desk.models.append_only import AppendOnlyModel
from help_desk.models.comment import TicketComment
from help_desk.querysets import TicketEventQuerySet
from help_desk.text.mentions import mentioned_names

if TYPE_CHECKING:
    from collections.abc import Sequence


class TicketEvent(AppendOnlyModel):
    """One thing that happened to one ticket.

    `changes` maps the name of each field that changed to `[old, new]`; in the event of
    a ticket's creation, old is None, so that the event keeps what the ticket said then.
    An event with a comment is its writing or its correction, with the comment's `text`
    among the changes.
    """

    ticket = models.ForeignKey(
        "django_spire_help_desk.HelpDeskTicket",
        on_delete=models.CASCADE,
        related_name="events",
        related_query_name="event",
        verbose_name=_("Ticket"),
    )
    type = models.CharField(max_length=8, choices=TicketEventType, verbose_name=_("Type"))
    # History outlives a person's account.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("By"),
    )
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Moment"))
    comment = models.ForeignKey(
        TicketComment,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="events",
        related_query_name="event",
        verbose_name=_("Comment"),
    )
    changes = models.JSONField(
        default=dict, blank=True, encoder=DjangoJSONEncoder, verbose_name=_("Changes")
    )

    objects = TicketEventQuerySet.as_manager()

    is_untold: bool = False
    """Whether it was written in this transaction and nobody was told; else that is looked up."""

    class Meta:
        db_table = "django_spire_help_desk_ticket_event"
        default_permissions = ("view",)
        verbose_name = _("Ticket Event")
        verbose_name_plural = _("Ticket Events")

    @property
    def database(self) -> str:
        """Alias of the database that holds it."""
        return self._state.db or DEFAULT_DB_ALIAS

    @property
    def written(self) -> str:
        """What somebody wrote with it: the description of a new ticket, or a comment's text."""
        field = "description" if self.type == TicketEventType.NEW else "text"
        _old, text = self.changes.get(field, (None, None))
        return text or ""

    @cached_property
    def names(self) -> Sequence[str]:
        """The names that what was written mentions."""
        return mentioned_names(self.written)

    def __str__(self) -> str:
        """Say what happened to which ticket."""
        return f"{self.get_type_display()}: Ticket #{self.ticket_id}"
