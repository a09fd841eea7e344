"""Validating and applying a ticket's field values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from help_desk.auth import policy
from help_desk.auth.holders import holders
from help_desk.models import HelpDeskTicket
from help_desk.services.flows.locking import database_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def validate_field_names(names: Iterable[str]) -> None:
    """Raise TypeError for names that are not writable fields."""
    if unknown := sorted(set(names) - WRITABLE_FIELDS):
        message = (
            f"Unknown ticket field {', '.join(map(repr, unknown))}. "
            f"The writable fields are {', '.join(sorted(WRITABLE_FIELDS))}."
        )
        raise TypeError(message)


def apply_fields(
    ticket: HelpDeskTicket, fields: Mapping[str, Any], *, creator: object = None
) -> None:
    """Apply values and collect all validation errors."""
    errors: dict[str, Any] = {}
    is_new = ticket._state.adding
    if is_new and (creator is not None or ticket.created_by_id is None):
        try:
            ticket.created_by = _saved_user(creator)
        except ValidationError as error:
            errors["created_by"] = error
    if _is_reassignment(ticket, fields):
        try:
            validate_assignee(fields["assigned_to"], using=database_of(ticket))
        except ValidationError as error:
            errors = error.update_error_dict(errors)
    for name in fields.keys() - errors.keys():
        setattr(ticket, name, fields[name])
    try:
        # Foreign keys would be read from the database here, so they are excluded: a user who
        # is deleted meanwhile is rejected by the database. Fields that are not changed are
        # excluded too: an old description that breaks today's limits must not keep a ticket
        # from being started.
        unchanged = {field.name for field in ticket._meta.fields} - fields.keys()
        ticket.clean_fields(
            exclude={"created_by", "assigned_to", *(set() if is_new else unchanged)}
        )
    except ValidationError as error:
        errors = error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def _is_reassignment(ticket: HelpDeskTicket, fields: Mapping[str, Any]) -> bool:
    """Whether the assignee must be validated: one who lost the permission may stay assigned."""
    if "assigned_to" not in fields:
        return False
    new_id = getattr(fields["assigned_to"], "pk", None)
    return ticket._state.adding or new_id is None or new_id != ticket.assigned_to_id


def validate_assignee(assignee: Any, *, using: str) -> None:
    """Raise ValidationError unless the user can be assigned tickets; None always can."""
    if assignee is None:
        return
    user_model = HelpDeskTicket._meta.get_field("assigned_to").related_model
    is_user = isinstance(assignee, user_model) and assignee.pk is not None
    if not is_user or not holders(policy.permission("change"), using, {assignee.pk}):
        raise ValidationError(
            {
                "assigned_to": ValidationError(
                    _("Select a user who can change tickets."), code="invalid_assignee"
                )
            }
        )


def _saved_user(creator: object) -> Any:
    user_model = HelpDeskTicket._meta.get_field("created_by").related_model
    # `request.user` is a lazy object around the user; isinstance looks through it.
    if not isinstance(creator, user_model) or creator.pk is None or creator._state.adding:
        raise ValidationError(
            _("created_by must be a saved user, not %(creator)s."),
            code="invalid_creator",
            params={"creator": repr(creator)},
        )
    return creator
