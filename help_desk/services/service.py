"""What can be done to a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from help_desk import signals
from help_desk.mentions import mentioned_names
from help_desk.models import HelpDeskTicket
from help_desk.services.conversation import ConversationMethods
from help_desk.services.mentioned import find_mentioned
from help_desk.services.preference_service import add_followers
from help_desk.services.versions import FieldConflict

__all__ = ["WRITABLE_FIELDS", "FieldConflict", "HelpDeskTicketService"]

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.contrib.auth.models import AnonymousUser

    from help_desk.host_types import Account

WRITABLE_FIELDS = frozenset(
    {
        "purpose",
        "priority",
        "status",
        "description",
        "assigned_to",
        "is_active",
        "is_deleted",
        "created_datetime",
    }
)


class HelpDeskTicketService(ConversationMethods):
    """The one place where a ticket changes state; reached as `ticket.services`.

    Each method validates, writes the ticket and its history, and plans who is told, in
    one transaction, or does nothing.
    """

    def create(self, created_by: Account | AnonymousUser, **fields: Any) -> HelpDeskTicket:
        """File the ticket and tell developers, managers and whoever it mentions.

        The ticket, its event and every notification are written in one transaction. What
        goes by e-mail leaves after the commit; a mail server that is down does not
        concern the caller.

        Args:
            created_by: Who files it: a saved account.
            **fields: `purpose`, `priority` and `description`; `status`, `assigned_to`,
                `created_datetime` and the rest where the defaults will not do.

        Returns:
            The ticket, saved; its `unreached_mentions` are the names that the description
            mentions and whose owners are not told.

        Raises:
            TypeError: A field that a ticket does not have.
            ValidationError: A value that a field cannot have, by field; or the ticket
                was created before.
        """
        if not self.obj._state.adding:
            raise ValidationError(
                _("%(ticket)s was created before; change it by update()."),
                code="already_created",
                params={"ticket": self.obj},
            )
        _refuse_unknown(fields, WRITABLE_FIELDS)
        fields.setdefault("assigned_to", self.obj.assigned_to)
        self._put(self.obj, fields, creator=created_by)
        assignee = self.obj.assigned_to
        names = mentioned_names(self.obj.description)
        try:
            with transaction.atomic(using=self._using):
                self.obj.assigned_to = None
                self.obj.save(actor=self.obj.created_by)
                if self.obj.latest_event is not None:
                    self.obj.latest_event.is_untold = True
                    self.obj.latest_event.names = names
                self.notification.create_new_ticket_notifications()
                self._tell_mentioned(names)
                signals.send_after_commit(
                    signals.ticket_created,
                    using=self._using,
                    sender=HelpDeskTicket,
                    ticket=self.obj,
                    event=self.obj.latest_event,
                )
                if assignee is not None:
                    # An event of its own, so that the assignee hears of it as always.
                    self.obj.assigned_to = assignee
                    self._save(self.obj, self.obj.created_by)
        except BaseException:
            # Django leaves key and state of a rolled-back insert on the instance.
            self.obj.pk = None
            self.obj._state.adding = True
            self.obj.assigned_to = assignee
            raise
        return self.obj

    def save_model_obj(
        self, *, actor: Account | None = None, **fields: Any
    ) -> tuple[HelpDeskTicket, bool]:
        """Apply fields and save, with history, telling nobody.

        Args:
            actor: Who did it, where known.
            **fields: New values; for a new ticket `created_by` is among them.

        Returns:
            The ticket, and whether it was created by this call.

        Raises:
            TypeError: A field that a ticket does not have.
            ValidationError: A value that a field cannot have, by field.
        """
        was_created = self.obj._state.adding
        creator = fields.pop("created_by", None) if was_created else None
        _refuse_unknown(fields, WRITABLE_FIELDS)
        self._put(self.obj, fields, creator=creator)
        self.obj.save(actor=actor)
        return self.obj, was_created

    def update(
        self, by: Account | None, *, drawn_from: int | None = None, **fields: Any
    ) -> HelpDeskTicket:
        """Change the ticket and tell people of it.

        Args:
            by: Who changes it, where known.
            drawn_from: The `version` of the ticket that the new values were made from.
                Given it, a field that somebody else has changed since is left as they
                want it where this call has nothing new to say of it.
            **fields: New values.

        Returns:
            The ticket.

        Raises:
            TypeError: A field that a ticket does not have.
            ValidationError: A value that a field cannot have, by field; or the ticket was
                deleted.
            TicketConflictError: Somebody else has changed one of the fields since, to
                something else; nothing is written.
        """
        _refuse_unknown(fields, WRITABLE_FIELDS)
        with self._locked() as ticket:
            if "is_deleted" not in fields:
                self._refuse_deleted(ticket)
            if drawn_from is not None:
                fields = self._merge(ticket, drawn_from, fields)
            status = ticket.status
            self._put(ticket, fields)
            self._assign_on_start(ticket, status, by)
            self._save(ticket, by)
        return self.obj

    def delete(self, by: Account | None) -> HelpDeskTicket:
        """Delete the ticket; its row and its history stay.

        Args:
            by: Who deletes it, where known.

        Returns:
            The ticket.
        """
        return self.update(by, is_deleted=True)

    def restore(self, by: Account | None) -> HelpDeskTicket:
        """Take a deletion back.

        Args:
            by: Who restores it, where known.

        Returns:
            The ticket.
        """
        return self.update(by, is_deleted=False)

    def _tell_mentioned(self, names: Sequence[str]) -> None:
        """Tell who is mentioned in the description, and has not been told of it already."""
        mentioned, self.obj.unreached_mentions = find_mentioned(names, self.obj, self._using)
        if mentioned and self.obj.latest_event is not None:
            add_followers(self.obj.pk, mentioned, using=self._using)
            self.notification.create_event_notifications(self.obj.latest_event, mentioned)

    def _put(
        self, ticket: HelpDeskTicket, fields: Mapping[str, Any], *, creator: object = None
    ) -> None:
        """Put values on a ticket; say everything that is wrong with them at once."""
        errors: dict[str, Any] = {}
        is_new = ticket._state.adding
        if is_new and (creator is not None or ticket.created_by_id is None):
            try:
                ticket.created_by = _saved_account(creator)
            except ValidationError as error:
                errors["created_by"] = error
        to, kept = fields.get("assigned_to"), None if is_new else ticket.assigned_to_id
        if kept is None or getattr(to, "pk", None) != kept:
            try:
                self._validate_assignee(to)
            except ValidationError as error:
                errors = error.update_error_dict(errors)
        for name in fields.keys() - errors.keys():
            setattr(ticket, name, fields[name])
        try:
            # Neither constraints nor foreign keys, which would be read from the database:
            # the choices say the same, and an account that vanishes meanwhile is the
            # database's to refuse. Nor what is not touched: a description of old that is
            # longer than today's may be must not keep the ticket from being started.
            kept_fields = {field.name for field in ticket._meta.fields} - fields.keys()
            untouched = set() if is_new else kept_fields
            ticket.clean_fields(exclude={"created_by", "assigned_to", *untouched})
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)


def _refuse_unknown(fields: Iterable[str], allowed: Collection[str]) -> None:
    if unknown := sorted(set(fields) - set(allowed)):
        message = (
            f"A ticket has no field {', '.join(map(repr, unknown))} to set here; "
            f"it has {', '.join(sorted(allowed))}."
        )
        raise TypeError(message)


def _saved_account(creator: object) -> Any:
    user_model = HelpDeskTicket._meta.get_field("created_by").related_model
    # `request.user` is a lazy object that wraps the account; isinstance sees through it.
    if not isinstance(creator, user_model) or creator.pk is None or creator._state.adding:
        raise ValidationError(
            _("A ticket is filed by a saved account, not by %(creator)s."),
            code="invalid_creator",
            params={"creator": repr(creator)},
        )
    return creator
