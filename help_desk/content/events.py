"""The text of a notification, rendered from its event in the active language.

The event keeps the ticket's values at that time, so the text does not depend on when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from help_desk.content.wording import (
    changes_of,
    conversation_subject,
    display_name,
    format_value,
    summary,
    user_names,
)
from help_desk.enums import TicketEventType
from help_desk.exceptions import TicketEventNotificationTypeNotSupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from help_desk.models import TicketEvent


@dataclass(frozen=True, kw_only=True)
class Content:
    """The text of a notification; plain text, not escaped.

    Attributes:
        subject: The subject of the conversation, the same for every event of one ticket.
        title: What happened, in one line.
        body: Details, in one line.
        details: Label and value pairs, in order.
        text: The whole text of the ticket or the comment; may be empty.
    """

    subject: str
    title: str
    body: str = ""
    details: tuple[tuple[str, str], ...] = ()
    text: str = ""


def content_of(event: TicketEvent, channel: str, names: Mapping[str, str] | None = None) -> Content:
    """Render an event.

    Args:
        event: The event with its ticket, actor and comment.
        channel: The name of the channel.
        names: ID, as text, to name of the users named in the event's changes; looked up if
            it is None.

    Returns:
        The text.

    Raises:
        TicketEventNotificationTypeNotSupportedError: There is no text for such events.
    """
    if event.type == TicketEventType.NEW:
        return _new_ticket(event)
    if names is None:
        names = user_names([event])
    if event.type == TicketEventType.COMMENT and event.comment is not None:
        return _comment(event, names)
    if event.type == TicketEventType.UPDATE:
        return _update(event, names)
    raise TicketEventNotificationTypeNotSupportedError(event.type, channel)


def _new_ticket(event: TicketEvent) -> Content:
    priority = format_value("priority", event.new_value("priority"))
    purpose = format_value("purpose", event.new_value("purpose"))
    text = event.new_value("description") or ""
    details = [
        (_("Ticket"), f"#{event.ticket_id}"),
        (_("Priority"), priority),
        (_("Purpose"), purpose),
    ]
    if event.actor is not None:
        details.append((_("Created by"), display_name(event.actor)))
    return Content(
        subject=conversation_subject(event.ticket_id, text),
        title=_("A new help desk ticket has been created"),
        body=_("Priority: %(priority)s - Purpose: %(purpose)s")
        % {"priority": priority, "purpose": purpose},
        details=tuple(details),
        text=text,
    )


def _comment(event: TicketEvent, names: Mapping[str, str]) -> Content:
    title = (
        _("%(user)s added an internal note to ticket #%(number)s")
        if event.is_internal
        else _("%(user)s replied to ticket #%(number)s")
    )
    text = event.new_value("text") or ""
    return Content(
        subject=conversation_subject(event.ticket_id, event.ticket.description),
        title=title % _actor_and_ticket(event),
        body=summary(text),
        details=_change_details(event, names),
        text=text,
    )


def _update(event: TicketEvent, names: Mapping[str, str]) -> Content:
    details = _change_details(event, names)
    return Content(
        subject=conversation_subject(event.ticket_id, event.ticket.description),
        title=_("%(user)s changed ticket #%(number)s") % _actor_and_ticket(event),
        body=", ".join(f"{label}: {change}" for label, change in details),
        details=details,
    )


def _actor_and_ticket(event: TicketEvent) -> dict[str, object]:
    return {"user": display_name(event.actor), "number": event.ticket_id}


def _change_details(event: TicketEvent, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (change.label, _("%(old)s → %(new)s") % {"old": change.old, "new": change.new})
        for change in changes_of(event, names)
    )
