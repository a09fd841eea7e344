"""What can be done to a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.utils.translation import gettext as _

from help_desk.models import HelpDeskTicket
from help_desk.services.notification_service import HelpDeskTicketNotificationService

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

WRITABLE_FIELDS = frozenset(
    {
        "purpose",
        "priority",
        "status",
        "description",
        "is_active",
        "is_deleted",
        "created_datetime",
    }
)


class HelpDeskTicketService:
    """The one place where a ticket changes state; reached as `ticket.services`.

    Each method validates, writes the ticket and its history, and plans who is told, in
    one transaction, or does nothing.
    """

    def __init__(self, obj: HelpDeskTicket) -> None:
        """Bind the service.

        Args:
            obj: The ticket that the methods act on.
        """
        self.obj = obj

    @property
    def notification(self) -> HelpDeskTicketNotificationService:
        """The service that tells people of this ticket."""
        return HelpDeskTicketNotificationService(self.obj)

    def create(self, created_by: AbstractBaseUser | AnonymousUser, **fields: Any) -> HelpDeskTicket:
        """File the ticket and tell developers and managers.

        The ticket, its event and every notification are written in one transaction. What
        goes by e-mail leaves after the commit; a mail server that is down does not
        concern the caller.

        Args:
            created_by: Who files it: a saved account.
            **fields: `purpose`, `priority` and `description`; `status`,
                `created_datetime` and the rest where the defaults will not do.

        Returns:
            The ticket, saved.

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
        self._apply(created_by=created_by, **fields)
        try:
            with transaction.atomic(using=self._using):
                self.obj.save(actor=self.obj.created_by)
                self.notification.create_new_ticket_notifications()
        except BaseException:
            # Django leaves key and state of a rolled-back insert on the instance.
            self.obj.pk = None
            self.obj._state.adding = True
            raise
        return self.obj

    def save_model_obj(
        self, *, actor: AbstractBaseUser | None = None, **fields: Any
    ) -> tuple[HelpDeskTicket, bool]:
        """Apply fields and save, with history, telling nobody of a new ticket.

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
        self._apply(**fields)
        self.obj.save(actor=actor)
        return self.obj, was_created

    def update(self, by: AbstractBaseUser | None, **fields: Any) -> HelpDeskTicket:
        """Change the ticket.

        Args:
            by: Who changes it, where known.
            **fields: New values.

        Returns:
            The ticket.

        Raises:
            TypeError: A field that a ticket does not have.
            ValidationError: A value that a field cannot have, by field.
        """
        return self.save_model_obj(actor=by, **fields)[0]

    def delete(self, by: AbstractBaseUser | None) -> HelpDeskTicket:
        """Delete the ticket; its row and its history stay.

        Args:
            by: Who deletes it, where known.

        Returns:
            The ticket.
        """
        self.obj.set_deleted(actor=by)
        return self.obj

    def restore(self, by: AbstractBaseUser | None) -> HelpDeskTicket:
        """Take a deletion back.

        Args:
            by: Who restores it, where known.

        Returns:
            The ticket.
        """
        self.obj.un_set_deleted(actor=by)
        return self.obj

    @property
    def _using(self) -> str:
        return router.db_for_write(HelpDeskTicket, instance=self.obj)

    def _apply(self, **fields: Any) -> None:
        """Put values on the ticket and validate it."""
        is_new = self.obj._state.adding
        allowed = WRITABLE_FIELDS | {"created_by"} if is_new else WRITABLE_FIELDS
        if unknown := sorted(fields.keys() - allowed):
            message = (
                f"A ticket has no field {', '.join(map(repr, unknown))} to set here; "
                f"it has {', '.join(sorted(allowed))}."
            )
            raise TypeError(message)
        creator = fields.pop("created_by", None)
        for name, value in fields.items():
            setattr(self.obj, name, value)
        self._validate(creator, is_new=is_new)

    def _validate(self, creator: object, *, is_new: bool) -> None:
        errors: dict[str, Any] = {}
        if creator is not None or (is_new and self.obj.created_by_id is None):
            try:
                self.obj.created_by = _saved_account(creator)
            except ValidationError as error:
                errors["created_by"] = error
        try:
            # Neither constraints nor foreign keys, which would be read from the database:
            # the choices say the same, and an account that vanishes meanwhile is the
            # database's to refuse.
            self.obj.clean_fields(exclude={"created_by"})
            self.obj.clean()
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)


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
