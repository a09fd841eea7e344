"""Two people have changed the same of a ticket: the page on which the second one chooses.

Its form is the update form once more: all that was typed, for each field in dispute what
both want (`theirs-<field>` and the field itself) and whose value to take
(`take-<field>`), and beside the `version` that the first form was drawn from the one that
this page has `seen`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.text import normalize_newlines

from help_desk.content.wording import LONG_FIELDS, field_label, format_value
from help_desk.forms import HelpDeskTicketUpdateForm
from help_desk.models import TicketEvent
from help_desk.views.page import base_version

if TYPE_CHECKING:
    from django.http import QueryDict

    from help_desk.exceptions import TicketConflictError
    from help_desk.models import HelpDeskTicket
    from help_desk.views.access import HelpDeskRequest

THEIRS, MINE = "theirs", "mine"
FIELDS = tuple(HelpDeskTicketUpdateForm.base_fields)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What was posted, and what was chosen on the page of a conflict.

    Attributes:
        data: What the person wants the ticket to say.
        base_version: The version that they had before them.
        chosen: Name of a field in dispute to `theirs`, `mine`, or what else was sent.
    """

    data: QueryDict
    base_version: int | None
    chosen: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field on which two people disagree.

    Attributes:
        name: The field's name.
        label: The field's name in words.
        is_long: Whether it is a text of many lines.
        was: What the person saw when they began, in words.
        theirs: What the ticket says now, in words.
        theirs_value: The same as the form sends it.
        mine: What the person wants, in words.
        mine_value: The same as the form sends it.
        event: The event by which the ticket came to say so; None if none tells.
        chosen: Whose value was chosen; empty for neither yet.
    """

    name: str
    label: str
    is_long: bool
    was: str
    theirs: str
    theirs_value: str
    mine: str
    mine_value: str
    event: TicketEvent | None
    chosen: str


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """All that two people disagree on.

    Attributes:
        differences: One for each field.
        agreed: Name and value, as the form sends it, of what was typed in other fields.
        kept: Of those the ones that the person changed, in words, with whether it is a
            text of many lines.
        seen: The version of the ticket that the page shows.
        is_undecided: Whether the person has sent the page without choosing for each field.
    """

    differences: tuple[Difference, ...]
    agreed: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str, bool], ...]
    seen: int
    is_undecided: bool


def read_choices(request: HelpDeskRequest) -> Choices:
    """Read a post of the update form, or of the page of a conflict.

    Args:
        request: The post.

    Returns:
        What it says. Where a field in dispute is not decided, nothing is: the same
        conflict arises again.
    """
    post, version = request.POST, base_version(request)
    chosen = {name: post.get(f"take-{name}", "") for name in FIELDS if f"theirs-{name}" in post}
    if not chosen or not {*chosen.values()} <= {THEIRS, MINE}:
        return Choices(data=post, base_version=version, chosen=chosen)
    data = post.copy()
    for name, whose in chosen.items():
        if whose == THEIRS:
            data[name] = post[f"theirs-{name}"]
    seen = base_version(request, "seen")
    return Choices(data=data, base_version=version if seen is None else seen, chosen=chosen)


def dispute_over(ticket: HelpDeskTicket, error: TicketConflictError, sent: Choices) -> Dispute:
    """Say what two people disagree on.

    Args:
        ticket: The ticket.
        error: What the service raised.
        sent: What was posted.

    Returns:
        The words.
    """
    disputed = {conflict.field for conflict in error.conflicts}
    events = _latest_events(ticket, sent.base_version or 0, disputed)
    differences = tuple(
        Difference(
            name=conflict.field,
            label=field_label(conflict.field),
            is_long=conflict.field in LONG_FIELDS,
            was=format_value(conflict.field, conflict.base),
            theirs=format_value(conflict.field, conflict.current),
            theirs_value=str(conflict.current),
            mine=format_value(conflict.field, conflict.submitted),
            mine_value=str(conflict.submitted),
            event=events.get(conflict.field),
            chosen=sent.chosen.get(conflict.field, ""),
        )
        for conflict in error.conflicts
    )
    then = ticket.services.values_at(sent.base_version or 0)

    def meant(name: str) -> str:
        """What the person left alone stays as others have it by now."""
        typed, now = sent.data.get(name, ""), str(ticket.tracker.previous(name))
        return now if _as_typed(typed) == _as_typed(str(then.get(name, now))) else typed

    agreed = tuple((name, meant(name)) for name in FIELDS if name not in disputed)
    return Dispute(
        differences=differences,
        agreed=agreed,
        kept=tuple(
            (field_label(name), format_value(name, value), name in LONG_FIELDS)
            for name, value in agreed
            if _as_typed(value) != _as_typed(str(ticket.tracker.previous(name)))
        ),
        seen=error.version,
        is_undecided=bool(sent.chosen),
    )


def _as_typed(text: str) -> str:
    """Leave out what browsers and forms do to a text on its way."""
    return normalize_newlines(text).strip()


def _latest_events(ticket: HelpDeskTicket, since: int, fields: set[str]) -> dict[str, Any]:
    """Find by which event each field came to say what it says, in one query."""
    events = TicketEvent.objects.filter(ticket_id=ticket.pk, pk__gt=since).with_people()
    found: dict[str, Any] = {}
    for event in events.oldest_first():
        found.update(dict.fromkeys(fields & event.changes.keys(), event))
    return found
