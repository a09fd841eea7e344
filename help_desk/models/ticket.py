"""The ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from model_utils import FieldTracker

from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)
from help_desk.models.event import TicketEvent
from help_desk.models.service_descriptor import ServiceDescriptor
from help_desk.querysets import HelpDeskTicketQuerySet
from help_desk.validators import (
    DESCRIPTION_MAX_LENGTH,
    validate_some_text,
    validate_storable_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User

    from help_desk.models.comment import TicketComment
    from help_desk.services.service import HelpDeskTicketService

CONTENT_FIELDS = ("purpose", "priority", "status", "description")
"""What a ticket says; its first event keeps these as they were."""

TRACKED_FIELDS = (*CONTENT_FIELDS, "assigned_to", "is_active", "is_deleted")
"""Fields whose changes history keeps."""


class HelpDeskTicket(models.Model):
    """An issue with an app or with the company that somebody wants resolved.

    Create tickets by `ticket.services.create(...)`, so that people are told.
    """

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        editable=False,
        related_name="created_help_desk_tickets",
        related_query_name="created_help_desk_ticket",
        verbose_name=_("Created By"),
    )
    purpose = models.CharField(
        max_length=4, choices=HelpDeskTicketPurposeChoices, verbose_name=_("Purpose")
    )
    priority = models.CharField(
        max_length=4, choices=HelpDeskTicketPriorityChoices, verbose_name=_("Priority")
    )
    status = models.CharField(
        max_length=4,
        choices=HelpDeskTicketStatusChoices,
        default=HelpDeskTicketStatusChoices.READY,
        verbose_name=_("Status"),
    )
    description = models.TextField(
        validators=[
            MaxLengthValidator(DESCRIPTION_MAX_LENGTH),
            validate_storable_text,
            validate_some_text,
        ],
        verbose_name=_("Description"),
    )
    is_active = models.BooleanField(default=True, editable=False, verbose_name=_("Active"))
    is_deleted = models.BooleanField(default=False, editable=False, verbose_name=_("Deleted"))
    created_datetime = models.DateTimeField(
        default=timezone.now, editable=False, verbose_name=_("Created")
    )

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_help_desk_tickets",
        related_query_name="assigned_help_desk_ticket",
        verbose_name=_("Assigned to"),
    )
    done_datetime = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("Done At")
    )
    first_response_datetime = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("First Response At")
    )

    objects = HelpDeskTicketQuerySet.as_manager()
    services: ClassVar[HelpDeskTicketService] = ServiceDescriptor(  # type: ignore[assignment]
        "help_desk.services.service.HelpDeskTicketService"
    )
    tracker = FieldTracker(fields=TRACKED_FIELDS)

    version: int | None
    """Number of its latest event, if the queryset was asked `with_version()`."""

    is_muted: bool | None
    """What somebody wishes to hear, if the queryset was asked `with_subscription_for(somebody)`."""

    unreached_mentions: tuple[str, ...] = ()
    """Names mentioned in the description whose owners cannot be told; set by `create()`."""

    latest_event: TicketEvent | None = None
    """What the last `save()` of this instance recorded; None if nothing changed."""

    class Meta:
        db_table = "django_spire_help_desk_ticket"
        verbose_name = _("Help Desk Ticket")
        verbose_name_plural = _("Help Desk Tickets")
        constraints = (
            models.CheckConstraint(
                name="help_desk_ticket_purpose_valid",
                condition=models.Q(purpose__in=HelpDeskTicketPurposeChoices.values),
            ),
            models.CheckConstraint(
                name="help_desk_ticket_priority_valid",
                condition=models.Q(priority__in=HelpDeskTicketPriorityChoices.values),
            ),
            models.CheckConstraint(
                name="help_desk_ticket_status_valid",
                condition=models.Q(status__in=HelpDeskTicketStatusChoices.values),
            ),
        )
        indexes = (
            # Serves the list page: active tickets, newest first, a page at a time.
            models.Index(
                fields=["is_deleted", "is_active", "-created_datetime", "-id"],
                name="help_desk_ticket_newest",
            ),
        )

    def __str__(self) -> str:
        """Name the ticket by its number."""
        return f"Ticket #{self.pk}"

    def save(
        self,
        *,
        actor: User | None = None,
        comment: TicketComment | None = None,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save the ticket together with the event of what changed.

        Nobody is told: that is what `ticket.services` is for.

        Args:
            actor: Who changed it, where known.
            comment: What was said with the change; there is an event of it even if
                nothing else changed.
            force_insert: As in `django.db.models.Model.save`.
            force_update: As there.
            using: As there.
            update_fields: As there.
        """
        using = using or router.db_for_write(type(self), instance=self)
        fields = None if update_fields is None else frozenset(update_fields)
        is_new = self._state.adding
        fields = self._keep_done_datetime(fields)
        changes = self.initial_values() if is_new else self._changes(fields)
        if comment is not None:
            changes["text"] = [None, comment.text]
        before = self.pk, self._state.adding, self._state.db
        saved_values = dict(self.tracker.saved_data)
        self.latest_event = None
        try:
            # No savepoint of its own: as in Django, an error dooms the caller's transaction.
            with transaction.atomic(using=using, savepoint=False):
                super().save(
                    force_insert=force_insert,
                    force_update=force_update,
                    using=using,
                    update_fields=fields,
                )
                if changes:
                    self.latest_event = TicketEvent.objects.using(using).record(
                        ticket=self, is_new=is_new, actor=actor, comment=comment, changes=changes
                    )
        except BaseException:
            # The row is as it was: what changed is still to be recorded, and what was new
            # is new, though Django leaves key and state of a rolled-back insert behind.
            self.pk, self._state.adding, self._state.db = before
            self.tracker.saved_data = saved_values
            raise

    def _keep_done_datetime(self, fields: frozenset[str] | None) -> frozenset[str] | None:
        """Note when the ticket was done; take the note back when it is reopened.

        The moment stays in history, as that of the event.
        """
        is_saved = fields is None or "status" in fields
        if not is_saved or not (self._state.adding or self.tracker.has_changed("status")):
            return fields
        is_done = self.status == HelpDeskTicketStatusChoices.DONE
        self.done_datetime = timezone.now() if is_done else None
        return None if fields is None else fields | {"done_datetime"}

    def initial_values(self) -> dict[str, list[Any]]:
        """Say what the ticket says now, as the changes of its first event.

        Returns:
            Field name to `[None, value]`.
        """
        values = {name: [None, getattr(self, name)] for name in CONTENT_FIELDS}
        if self.assigned_to_id is not None:
            values["assigned_to"] = [None, self.assigned_to_id]
        return values

    def _changes(self, fields: frozenset[str] | None) -> dict[str, list[Any]]:
        changed = self.tracker.changed()
        return {
            name: [changed[name], self.tracker.get_field_value(name)]
            for name in TRACKED_FIELDS
            if name in changed and (fields is None or name in fields)
        }

    def set_deleted(self, actor: User | None = None) -> None:
        """Delete the ticket: its row and its history stay, the pages no longer show it.

        Args:
            actor: Who deleted it, where known.
        """
        self.is_deleted = True
        self.save(actor=actor, update_fields=["is_deleted"])

    def un_set_deleted(self, actor: User | None = None) -> None:
        """Take a deletion back.

        Args:
            actor: Who took it back, where known.
        """
        self.is_deleted = False
        self.save(actor=actor, update_fields=["is_deleted"])

    def set_active(self, actor: User | None = None) -> None:
        """Put the ticket among the active ones.

        Args:
            actor: Who did so, where known.
        """
        self.is_active = True
        self.save(actor=actor, update_fields=["is_active"])

    def set_inactive(self, actor: User | None = None) -> None:
        """Take the ticket out of the active ones, without deleting it.

        Args:
            actor: Who did so, where known.
        """
        self.is_active = False
        self.save(actor=actor, update_fields=["is_active"])
