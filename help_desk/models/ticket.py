"""The ticket."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models, router, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from help_desk.choices import (
    HelpDeskTicketPriorityChoices,
    HelpDeskTicketPurposeChoices,
    HelpDeskTicketStatusChoices,
)
from help_desk.enums import TicketEventType
from help_desk.models.deletion import unassign
from help_desk.models.event import TicketEvent
from help_desk.models.service_descriptor import ServiceDescriptor
from help_desk.models.tracker import SnapshotTracker
from help_desk.querysets import HelpDeskTicketQuerySet
from help_desk.validators import TEXT_MAX_LENGTH, validate_not_blank, validate_storable_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.contrib.auth.models import User

    from help_desk.models.comment import TicketComment
    from help_desk.services.service import HelpDeskTicketService

CONTENT_FIELDS = ("purpose", "priority", "status", "description")
"""Fields whose initial values the first event keeps."""

TRACKED_FIELDS = (*CONTENT_FIELDS, "assigned_to", "is_active", "is_deleted")
"""Fields whose changes are recorded in the history."""


class HelpDeskTicket(models.Model):
    """An issue with an app or with the company.

    Create and change tickets through `services`, which validates, records the history and
    notifies. `save()` records the history too, but notifies no one.
    """

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        editable=False,
        related_name="created_help_desk_tickets",
        related_query_name="created_help_desk_ticket",
        verbose_name=_("Created by"),
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
            MaxLengthValidator(TEXT_MAX_LENGTH),
            validate_storable_text,
            validate_not_blank,
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
        on_delete=unassign,
        null=True,
        blank=True,
        related_name="assigned_help_desk_tickets",
        related_query_name="assigned_help_desk_ticket",
        verbose_name=_("Assigned to"),
    )
    done_datetime = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("Done")
    )
    first_response_datetime = models.DateTimeField(
        null=True, blank=True, editable=False, verbose_name=_("First response")
    )

    objects = HelpDeskTicketQuerySet.as_manager()
    services: ClassVar[HelpDeskTicketService] = ServiceDescriptor(  # type: ignore[assignment]
        "help_desk.services.service.HelpDeskTicketService"
    )
    tracker = SnapshotTracker(fields=TRACKED_FIELDS)

    version: int | None
    """The ID of the latest (visible) event; set by `with_version()` of the queryset."""
    is_muted: bool | None
    """Whether a user muted it; set by `with_subscription_for(user)` of the queryset."""

    class Meta:
        db_table = "django_spire_help_desk_ticket"
        verbose_name = _("Help desk ticket")
        verbose_name_plural = _("Help desk tickets")
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
            # Serves the list page: active tickets, newest first, one page at a time.
            models.Index(
                fields=["is_deleted", "is_active", "-created_datetime", "-id"],
                name="help_desk_ticket_newest",
            ),
        )

    def __str__(self) -> str:
        return f"Ticket #{self.pk}"

    def save(
        self,
        *,
        actor: User | None = None,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save the ticket and record an event of what changed; notify no one.

        Args:
            actor: The user who makes the change, if known.
            force_insert: As in Django.
            force_update: As in Django.
            using: As in Django.
            update_fields: As in Django; the event then records only these.
        """
        self.save_with_event(
            actor=actor,
            force_insert=force_insert,
            force_update=force_update,
            using=using,
            update_fields=update_fields,
        )

    def get_absolute_url(self) -> str:
        """Return the URL of the ticket's page."""
        return reverse("django_spire:help_desk:page:detail", kwargs={"pk": self.pk})

    def save_with_event(
        self,
        *,
        actor: User | None = None,
        comment: TicketComment | None = None,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
        **options: Any,
    ) -> TicketEvent | None:
        """Save the ticket and return the event, or None if nothing changed.

        With a comment, the event records that the comment was added.
        """
        self.tracker.forget_rolled_back_saves()
        using = using or router.db_for_write(type(self), instance=self)
        fields = None if update_fields is None else frozenset(update_fields)
        # No savepoint: as in Django, an error dooms the caller's transaction. An error after the
        # commit, of a callback, restores nothing: the ticket is saved.
        with transaction.atomic(using=using, savepoint=False), restore_on_error(self):
            fields = self._set_done_datetime(fields)
            is_new = self._state.adding
            changes = self.initial_values() if is_new else self._changes(fields)
            if comment is not None:
                changes["text"] = [None, comment.text]
            self.tracker.remember_before_save(using)
            super().save(using=using, update_fields=fields, **options)
            if not changes:
                return None
            event_type = TicketEventType.UPDATE
            if is_new:
                event_type = TicketEventType.NEW
            elif comment is not None:
                event_type = TicketEventType.COMMENT
            return TicketEvent.objects.using(using).record(
                ticket=self, type=event_type, actor=actor, comment=comment, changes=changes
            )

    def _set_done_datetime(self, fields: frozenset[str] | None) -> frozenset[str] | None:
        """Set or clear `done_datetime` with the status; return the fields to save."""
        is_saved = fields is None or "status" in fields
        if not is_saved or not (self._state.adding or self.tracker.has_changed("status")):
            return fields
        is_done = self.status == HelpDeskTicketStatusChoices.DONE
        self.done_datetime = timezone.now() if is_done else None
        return None if fields is None else fields | {"done_datetime"}

    def initial_values(self) -> dict[str, list[Any]]:
        """Return the current values as the changes of a first event."""
        values = {name: [None, _plain(getattr(self, name))] for name in CONTENT_FIELDS}
        if self.assigned_to_id is not None:
            values["assigned_to"] = [None, self.assigned_to_id]
        return values

    def _changes(self, fields: frozenset[str] | None) -> dict[str, list[Any]]:
        changed = self.tracker.changed()
        return {
            name: [_plain(changed[name]), _plain(self.tracker.get_field_value(name))]
            for name in TRACKED_FIELDS
            if name in changed and (fields is None or name in fields)
        }

    def set_deleted(self, actor: User | None = None) -> None:
        """Delete the ticket softly: its row and history stay, pages no longer show it.

        Args:
            actor: The user who deletes it, if known.
        """
        self.is_deleted = True
        self.save(actor=actor, update_fields=["is_deleted"])

    def un_set_deleted(self, actor: User | None = None) -> None:
        """Restore the ticket.

        Args:
            actor: The user who restores it, if known.
        """
        self.is_deleted = False
        self.save(actor=actor, update_fields=["is_deleted"])

    def set_active(self, actor: User | None = None) -> None:
        """Activate the ticket.

        Args:
            actor: The user who activates it, if known.
        """
        self.is_active = True
        self.save(actor=actor, update_fields=["is_active"])

    def set_inactive(self, actor: User | None = None) -> None:
        """Deactivate the ticket without deleting it.

        Args:
            actor: The user who deactivates it, if known.
        """
        self.is_active = False
        self.save(actor=actor, update_fields=["is_active"])


def _plain(value: Any) -> Any:
    """Return the value of a choice, so that an event has the same before and after it is stored."""
    return str(value) if isinstance(value, models.Choices) else value


@contextmanager
def restore_on_error(ticket: HelpDeskTicket) -> Iterator[None]:
    """Restore the instance if the block raises.

    The row is rolled back, so changes are still to be recorded, and a new ticket is still new:
    Django leaves the key and state of a rolled-back insert on the instance.
    """
    fields = [field.attname for field in ticket._meta.concrete_fields]
    values = {name: getattr(ticket, name) for name in fields if name in ticket.__dict__}
    state = ticket._state.adding, ticket._state.db
    saved_data, uncommitted = dict(ticket.tracker.saved_data), ticket.tracker.uncommitted
    try:
        yield
    except BaseException:
        for name, value in values.items():
            setattr(ticket, name, value)
        ticket._state.adding, ticket._state.db = state
        ticket.tracker.saved_data, ticket.tracker.uncommitted = saved_data, uncommitted
        raise
