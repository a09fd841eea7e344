"""The page on which a user resolves an edit conflict.

It is the update form once more. For each field in conflict it has both values (`current-<field>`
and the field itself) and which one to keep (`keep-<field>`: `current` or `submitted`); besides
`version`, which the first form was based on, it has `current_version`, which the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from help_desk.content.wording import LONG_FIELDS, display_name, field_label, format_value
from help_desk.forms import HelpDeskTicketUpdateForm
from help_desk.models import TicketEvent
from help_desk.views.page import base_version

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict

    from help_desk.exceptions import TicketConflictError
    from help_desk.models import HelpDeskTicket

CURRENT, SUBMITTED = "current", "submitted"
FIELDS = tuple(HelpDeskTicketUpdateForm.base_fields)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A post of the update form or of the conflict page.

    Attributes:
        data: The values to save.
        base_version: The version that they are based on.
        kept: Field in conflict to `current` or `submitted`; anything else is no choice.
    """

    data: QueryDict
    base_version: int | None
    kept: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ConflictField:
    """One field that two users changed to different values.

    Attributes:
        name: The field's name.
        label: The field's label.
        is_long: Whether it is a text of many lines.
        base: The value that the form was based on, as text.
        current: The value that the ticket has now, as text.
        current_value: The same as the form posts it.
        submitted: The value that the user submitted, as text.
        submitted_value: The same as the form posts it.
        changed_by: Name of the user who set the current value; may be empty.
        kept: Which value the user chose; may be empty.
    """

    name: str
    label: str
    is_long: bool
    base: str
    current: str
    current_value: str
    submitted: str
    submitted_value: str
    changed_by: str
    kept: str


@dataclass(frozen=True, kw_only=True)
class OtherChange:
    """A submitted change that is not in conflict.

    Attributes:
        label: The field's label.
        value: The submitted value, as text.
        is_long: Whether it is a text of many lines.
    """

    label: str
    value: str
    is_long: bool


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Everything that the page shows.

    Attributes:
        fields: The fields in conflict.
        other_values: Name and value of the other fields, as the form posts them.
        other_changes: Those of them that the user changed.
        current_version: The version of the ticket that the page shows.
        is_unresolved: Whether the page was submitted before and must be submitted again.
    """

    fields: tuple[ConflictField, ...]
    other_values: tuple[tuple[str, str], ...]
    other_changes: tuple[OtherChange, ...]
    current_version: int
    is_unresolved: bool


def read_submission(request: HttpRequest) -> Submission:
    """Return the values of a post; as they were typed while a conflict is unresolved."""
    post, version = request.POST, base_version(request)
    kept = {name: post.get(f"keep-{name}", "") for name in FIELDS if f"current-{name}" in post}
    if not kept or not {*kept.values()} <= {CURRENT, SUBMITTED}:
        return Submission(data=post, base_version=version, kept=kept)
    data = post.copy()
    for name, choice in kept.items():
        if choice == CURRENT:
            data[name] = post[f"current-{name}"]
    current_version = base_version(request, "current_version")
    return Submission(
        data=data,
        base_version=version if current_version is None else current_version,
        kept=kept,
    )


def build_conflict(
    error: TicketConflictError, form: HelpDeskTicketUpdateForm, submission: Submission
) -> Conflict:
    """Return what the page shows of a conflict that a valid form led to."""
    in_conflict = {conflict.field for conflict in error.conflicts}
    changed_by = _changed_by(form.instance, submission.base_version or 0, in_conflict)
    others = {
        name: error.updated_by_others.get(name, value)
        for name, value in form.cleaned_data.items()
        if name not in in_conflict
    }
    return Conflict(
        fields=tuple(
            ConflictField(
                name=conflict.field,
                label=field_label(conflict.field),
                is_long=conflict.field in LONG_FIELDS,
                base=format_value(conflict.field, conflict.base),
                current=format_value(conflict.field, conflict.current),
                current_value=str(conflict.current),
                submitted=format_value(conflict.field, conflict.submitted),
                submitted_value=str(conflict.submitted),
                changed_by=changed_by.get(conflict.field, ""),
                kept=submission.kept.get(conflict.field, ""),
            )
            for conflict in error.conflicts
        ),
        other_values=tuple((name, str(value)) for name, value in others.items()),
        other_changes=tuple(
            OtherChange(
                label=field_label(name),
                value=format_value(name, value),
                is_long=name in LONG_FIELDS,
            )
            for name, value in others.items()
            if name not in error.updated_by_others and value != form.initial[name]
        ),
        current_version=error.version,
        is_unresolved=bool(submission.kept),
    )


def _changed_by(ticket: HelpDeskTicket, base: int, fields: set[str]) -> dict[str, str]:
    """Return by field the name of the user who changed it last, in one query."""
    events = TicketEvent.objects.filter(ticket_id=ticket.pk, pk__gt=base).with_users()
    names: dict[str, str] = {}
    for event in events.oldest_first():
        name = display_name(event.actor) if event.actor else ""
        names.update(dict.fromkeys(fields & event.values.keys(), name))
    return names
