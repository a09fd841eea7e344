"""The history of a ticket."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from help_desk.enums import TicketEventType
from help_desk.models.append_only import AppendOnlyModel
from help_desk.models.comment import TicketComment
from help_desk.querysets import TicketEventQuerySet


class TicketEvent(AppendOnlyModel):
    """One thing that happened to one ticket.

    `changes` maps the name of each changed field to `[old, new]`. In the event of a ticket's
    creation `old` is None, so the event keeps the ticket's initial values. An event with a
    comment records that the comment was added or edited, with its `text` among the changes.
    """

    ticket = models.ForeignKey(
        "django_spire_help_desk.HelpDeskTicket",
        on_delete=models.CASCADE,
        related_name="events",
        related_query_name="event",
        verbose_name=_("Ticket"),
    )
    type = models.CharField(max_length=8, choices=TicketEventType, verbose_name=_("Type"))
    # History is kept when a user is deleted. An index of `Meta` begins with it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Actor"),
    )
    created_datetime = models.DateTimeField(default=timezone.now, verbose_name=_("Date"))
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

    class Meta:
        db_table = "django_spire_help_desk_ticket_event"
        default_permissions = ("view",)
        verbose_name = _("Ticket event")
        verbose_name_plural = _("Ticket events")
        indexes = (
            # Serves the limits: a user's new tickets, or replies, of the last hour. Also serves
            # the deletion of a user.
            models.Index(
                fields=["actor", "type", "created_datetime"], name="help_desk_event_by_actor"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_type_display()}: Ticket #{self.ticket_id}"

    @property
    def database(self) -> str:
        """The alias of the database that it is stored in."""
        return self._state.db or DEFAULT_DB_ALIAS

    @property
    def is_internal(self) -> bool:
        """Whether it is about an internal note."""
        return self.comment is not None and self.comment.is_internal

    @property
    def values(self) -> dict[str, tuple[Any, Any]]:
        """The old and the new value of each changed field."""
        return old_and_new_values(self.changes)

    def old_value(self, field: str) -> Any:
        """Return a field's value before the event; None if it did not change."""
        return self._values_of(field)[0]

    def new_value(self, field: str) -> Any:
        """Return a field's value after the event; None if it did not change."""
        return self._values_of(field)[1]

    def _values_of(self, field: str) -> tuple[Any, Any]:
        is_changed = isinstance(self.changes, dict) and field in self.changes
        return _pair(self.changes[field]) if is_changed else (None, None)


def old_and_new_values(changes: Any) -> dict[str, tuple[Any, Any]]:
    """Return field name to old and new value of an event's `changes`."""
    if not isinstance(changes, dict):
        return {}
    return {field: _pair(values) for field, values in changes.items()}


def _pair(values: Any) -> tuple[Any, Any]:
    # Other code may have written the event: what is not a pair counts as the new value.
    match values:
        case [old, new]:
            return old, new
        case _:
            return None, values
