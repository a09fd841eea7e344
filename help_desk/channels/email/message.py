"""The email with one or several notifications to one recipient."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any
from unicodedata import category

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from help_desk.channels.email.headers import HelpDeskEmail, begins_conversation, headers_of
from help_desk.content.events import content_of
from help_desk.content.links import page_url, ticket_url
from help_desk.content.wording import user_names
from help_desk.exceptions import HelpDeskNotificationRecipientMissingEmailError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from help_desk.models import Notification

ENCODED_WORD = re.compile(r"=\?(?=[^?\s]+\?[bq]\?[^?]*\?=)", re.IGNORECASE)
"""The beginning of what mail programs decode in a header (RFC 2047, section 2)."""


def message_of(rows: Sequence[Notification]) -> HelpDeskEmail:
    """Return the email with these rows, in the site's language.

    Raises HelpDeskNotificationRecipientMissingEmailError if they have no address.

    Args:
        rows: Notifications to one address, oldest first.
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
            to=[_actual_address(first.address)],
            headers=headers,
        )
        html = render_to_string("help_desk/email/notification.html", context)
        message.attach_alternative(html, "text/html")
    return message


def _sections(rows: Sequence[Notification]) -> list[dict[str, Any]]:
    """Return the URL and contents of each ticket."""
    names = user_names(row.event for row in rows)
    by_ticket = sorted(rows, key=lambda row: (row.event.ticket_id, row.event_id))
    sections = []
    for _ticket_id, group in groupby(by_ticket, key=lambda row: row.event.ticket_id):
        of_ticket = list(group)
        contents = [content_of(row.event, row.channel, names) for row in of_ticket]
        sections.append({"url": ticket_url(of_ticket[0].event.ticket), "contents": contents})
    return sections


def _subject(rows: Sequence[Notification], sections: list[dict[str, Any]]) -> str:
    if len(sections) > 1:
        count = ngettext("%(count)d update", "%(count)d updates", len(rows))
        text = _("Help desk: %(updates)s on %(tickets)d tickets") % {
            "updates": count % {"count": len(rows)},
            "tickets": len(sections),
        }
    else:
        text = sections[0]["contents"][0].subject
        if not begins_conversation(rows):
            # RFC 5322, section 3.6.5
            text = f"Re: {text}"
    return _one_line(text)


def _actual_address(address: str) -> str:
    """Return `DEVELOPMENT_EMAIL` instead of the address during development."""
    development_address = getattr(settings, "DEVELOPMENT_EMAIL", "")
    return development_address if settings.DEBUG and development_address else address


def _one_line(text: str) -> str:
    """Replace line breaks and control characters (RFC 5322, section 2.2)."""
    # Joiners and direction marks stay: some scripts and emoji need them.
    line = " ".join("".join(" " if category(c) == "Cc" else c for c in text).split())
    # What a user types is not decoded: it could bring back what was replaced above.
    return ENCODED_WORD.sub("= ?", line)
