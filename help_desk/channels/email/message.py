"""The e-mail that is made of one or several notifications to one person."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any
from unicodedata import category

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from help_desk.channels.email.headers import HelpDeskEmail, headers_of, is_new
from help_desk.content.links import page_url, ticket_url
from help_desk.content.wording import content_of, people_in
from help_desk.exceptions import HelpDeskNotificationRecipientMissingEmailError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from help_desk.models import Notification


def message_of(rows: Sequence[Notification]) -> HelpDeskEmail:
    """Put notifications into an e-mail, in the site's language.

    Args:
        rows: Notifications to one address, in the order in which they were written.

    Returns:
        A message with a text and an HTML part.

    Raises:
        HelpDeskNotificationRecipientMissingEmailError: The rows have no address.
    """
    first = rows[0]
    if not first.address:
        raise HelpDeskNotificationRecipientMissingEmailError(str(first.recipient))
    with translation.override(settings.LANGUAGE_CODE):
        sections = _sections(rows)
        subject = _subject(rows, sections)
        headers = headers_of(rows)
        context = {
            "subject": subject,
            "sections": sections,
            "unsubscribe_url": headers.get("List-Unsubscribe", "")[1:-1],
            "preferences_url": page_url("page:preferences") if first.recipient_id else None,
        }
        message = HelpDeskEmail(
            subject=subject,
            body=render_to_string("help_desk/email/notification.txt", context),
            to=[_address_to_use(first.address)],
            headers=headers,
        )
        html = render_to_string("help_desk/email/notification.html", context)
        message.attach_alternative(html, "text/html")
    return message


def _sections(rows: Sequence[Notification]) -> list[dict[str, Any]]:
    """Arrange what there is to say by ticket."""
    people = people_in([row.event for row in rows])
    by_ticket = sorted(rows, key=lambda row: (row.event.ticket_id, row.event_id))
    return [
        {
            "url": ticket_url(ticket_id),
            "contents": [content_of(row.event, row.channel, people) for row in of_ticket],
        }
        for ticket_id, of_ticket in groupby(by_ticket, key=lambda row: row.event.ticket_id)
    ]


def _subject(rows: Sequence[Notification], sections: list[dict[str, Any]]) -> str:
    if len(sections) > 1:
        count = ngettext("%(count)d update", "%(count)d updates", len(rows))
        text = _("Help desk: %(updates)s on %(tickets)d tickets") % {
            "updates": count % {"count": len(rows)},
            "tickets": len(sections),
        }
    else:
        text = sections[0]["contents"][0].subject
        if not is_new(rows):
            # The usual mark of an answer (RFC 5322, section 3.6.5).
            text = f"Re: {text}"
    return _one_line(text)


def _address_to_use(address: str) -> str:
    """Divert all mail to the developer while developing."""
    development_address = getattr(settings, "DEVELOPMENT_EMAIL", "")
    return development_address if settings.DEBUG and development_address else address


def _one_line(text: str) -> str:
    """Keep line breaks and control characters out of a header (RFC 5322, section 2.2)."""
    # Joiners and marks of direction stay: some scripts and emoji are not themselves without.
    return " ".join("".join(" " if category(c) == "Cc" else c for c in text).split())
