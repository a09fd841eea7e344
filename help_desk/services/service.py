"""The public service of a ticket: one method per operation, each a call into `flows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.services.flows import assign, comment, conflicts, create, follow, status, update
from help_desk.services.flows.locking import database_of
from help_desk.services.notification_service import HelpDeskTicketNotificationService

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent


class HelpDeskTicketService:
    """The only place where a ticket changes state; reached as `ticket.services`.

    Every method works in one transaction: it validates, saves, records the event and writes
    the notifications, or leaves everything as it was. After a method that changes a ticket,
    the bound instance has the values that were saved; changes to it that were not saved before
    are lost.
    """

    def __init__(self, obj: HelpDeskTicket) -> None:
        """Bind the service.

        Args:
            obj: The ticket that the methods act on.
        """
        self.obj = obj

    @property
    def notification(self) -> HelpDeskTicketNotificationService:
        """The service that writes this ticket's notifications."""
        return HelpDeskTicketNotificationService(self.obj)

    @property
    def version(self) -> int:
        """The ID of the ticket's latest event; it changes whenever the ticket does."""
        return conflicts.version_of(self.obj)

    def create(
        self, created_by: User | AnonymousUser, *, enforce_limits: bool = False, **fields: Any
    ) -> HelpDeskTicket:
        """Create the ticket and notify developers, managers and mentioned users.

        Args:
            created_by: A saved user.
            enforce_limits: Whether the settings `MAX_TICKETS_PER_HOUR` and
                `MAX_MENTIONS_PER_HOUR` apply to a creator without the change permission, as on
                the pages. Mentions over the limit have no effect.
            **fields: Values by field name; they override those of the instance. An assignee
                is recorded as a separate event, so that they are notified.

        Returns:
            The ticket, saved.

        Raises:
            RateLimitError: The creator reached `MAX_TICKETS_PER_HOUR`; a ValidationError with
                the code `rate_limited`.
            TypeError: A name is not a field that can be set.
            ValidationError: By field name, for invalid values; or the ticket exists already.
        """
        result = create.create_ticket(
            self.obj, created_by=created_by, enforce_limits=enforce_limits, **fields
        )
        return result.ticket

    def save_model_obj(
        self, *, actor: User | None = None, **fields: Any
    ) -> tuple[HelpDeskTicket, bool]:
        """Apply fields and save with history, without notifying anyone.

        Args:
            actor: The user who makes the change, if known.
            **fields: Values by field name; for a new ticket, `created_by` too.

        Returns:
            The ticket, and whether it was created.

        Raises:
            TypeError: A name is not a field that can be set.
            ValidationError: By field name, for invalid values.
        """
        return update.save_silently(self.obj, actor=actor, **fields)

    def update(
        self, actor: User | None, *, base_version: int | None = None, **fields: Any
    ) -> TicketEvent | None:
        """Change fields and notify the recipients of the changes.

        Args:
            actor: The user who makes the change, if known.
            base_version: The `version` that the values are based on. Fields that the caller
                did not change keep what others wrote since.
            **fields: New values by field name.

        Returns:
            The event, or None if nothing changed.

        Raises:
            TicketConflictError: Another user changed the same fields to other values since
                `base_version`. Nothing is saved.
            TypeError: A name is not a field that can be set.
            ValidationError: By field name, for invalid values; or the ticket was deleted.
        """
        return update.update_ticket(self.obj, actor=actor, base_version=base_version, **fields)

    def assign(self, assignee: User | None, *, actor: User | None) -> TicketEvent | None:
        """Assign the ticket, or unassign it.

        Args:
            assignee: An active user with the change permission; None to unassign.
            actor: The user who assigns it, if known.

        Returns:
            The event, or None if nothing changed.

        Raises:
            ValidationError: For `assigned_to`, if the user cannot change tickets; or the
                ticket was deleted.
        """
        return assign.assign(self.obj, assignee=assignee, actor=actor)

    def start(self, actor: User | None) -> TicketEvent | None:
        """Set the status to in progress.

        With the setting `ASSIGN_ON_START`, an unassigned ticket is assigned to the actor if
        they can change tickets.

        Args:
            actor: The user who starts it, if known.

        Returns:
            The event, or None if nothing changed.

        Raises:
            ValidationError: The ticket was deleted.
        """
        return status.set_status(self.obj, HelpDeskTicketStatusChoices.INPROGRESS, actor=actor)

    def complete(self, actor: User | None) -> TicketEvent | None:
        """Mark the ticket as done.

        Args:
            actor: The user who completes it, if known.

        Returns:
            The event, or None if nothing changed.

        Raises:
            ValidationError: The ticket was deleted.
        """
        return status.set_status(self.obj, HelpDeskTicketStatusChoices.DONE, actor=actor)

    def reopen(self, actor: User | None) -> TicketEvent | None:
        """Set the status back to ready.

        Args:
            actor: The user who reopens it, if known.

        Returns:
            The event, or None if nothing changed.

        Raises:
            ValidationError: The ticket was deleted.
        """
        return status.set_status(self.obj, HelpDeskTicketStatusChoices.READY, actor=actor)

    def delete(self, actor: User | None) -> TicketEvent | None:
        """Delete the ticket softly: its row and history stay, pages no longer show it.

        Args:
            actor: The user who deletes it, if known.

        Returns:
            The event, or None if it was deleted before.
        """
        return update.update_ticket(self.obj, actor=actor, is_deleted=True)

    def restore(self, actor: User | None) -> TicketEvent | None:
        """Restore a deleted ticket.

        Args:
            actor: The user who restores it, if known.

        Returns:
            The event, or None if it was not deleted.
        """
        return update.update_ticket(self.obj, actor=actor, is_deleted=False)

    def comment(
        self,
        author: User,
        text: str,
        *,
        internal: bool = False,
        status: str | None = None,
        base_version: int | None = None,
        enforce_limits: bool = False,
    ) -> TicketComment:
        """Add a public reply or an internal note, and optionally change the status with it.

        The author and the users mentioned by `@username` follow the ticket from then on. The
        first public reply by a user other than the creator sets `first_response_datetime`.

        Args:
            author: The user who writes it.
            text: Plain text.
            internal: Whether only users with the change permission can read it.
            status: A new status, saved in the same transaction.
            base_version: The `version` that the author saw. With it, the same text sent twice
                is saved once, and a status that another user changed since is a conflict.
            enforce_limits: Whether the settings `MAX_REPLIES_PER_HOUR` and
                `MAX_MENTIONS_PER_HOUR` apply to an author without the change permission, as on
                the pages. Mentions over the limit have no effect.

        Returns:
            The comment; if it was sent before, the one that exists.

        Raises:
            PermissionDenied: An internal note by a user without the change permission.
            RateLimitError: The author reached `MAX_REPLIES_PER_HOUR`; a ValidationError with
                the code `rate_limited`.
            TicketConflictError: Another user changed the status since `base_version`.
            ValidationError: For an invalid text or status; or the ticket was deleted.
        """
        return comment.add_comment(
            self.obj,
            author=author,
            text=text,
            internal=internal,
            status=status,
            base_version=base_version,
            enforce_limits=enforce_limits,
        ).comment

    def edit_comment(self, comment_: TicketComment, text: str, *, actor: User) -> TicketComment:
        """Edit a comment; the earlier text stays in the history.

        Args:
            comment_: A comment on this ticket.
            text: The new text.
            actor: Its author, no later than `COMMENT_EDIT_TIME` after it was written.

        Returns:
            The comment, with the new text.

        Raises:
            PermissionDenied: The user is not the author, or the time is over.
            ValidationError: For an invalid text; or the ticket was deleted.
        """
        return comment.edit_comment(self.obj, comment_, text, actor=actor)

    def follow(self, user: User) -> None:
        """Subscribe a user to the ticket; this also unmutes it.

        Args:
            user: The user.
        """
        follow.set_muted(self.obj.pk, user.pk, is_muted=False, using=database_of(self.obj))

    def mute(self, user: User) -> None:
        """Mute the ticket for a user: they get no notifications, whatever their role.

        Args:
            user: The user.
        """
        follow.set_muted(self.obj.pk, user.pk, is_muted=True, using=database_of(self.obj))
