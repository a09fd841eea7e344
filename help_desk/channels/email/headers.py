"""The headers of an e-mail: which conversation it belongs to, and how to hear no more of it."""

from __future__ import annotations

import email.policy
from email.headerregistry import HeaderRegistry
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import VERSION
from django.core.mail import EmailMultiAlternatives
from django.core.mail.utils import DNS_NAME
from django.utils.encoding import iri_to_uri, punycode

from help_desk.content import unsubscribe
from help_desk.content.links import page_url, site_url
from help_desk.enums import NotificationKind, TicketEventType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.headerregistry import BaseHeader
    from email.policy import Policy

    from help_desk.models import Notification


def headers_of(rows: Sequence[Notification]) -> dict[str, str]:
    """Make a ticket one conversation in a mail program (RFC 5322, section 3.6.4).

    Args:
        rows: What the message tells of, to one person or address, oldest first.

    Returns:
        Name to value; the same at every attempt to send these rows, but for the moment
        in the token of `List-Unsubscribe`.
    """
    domain = _domain()
    tickets = {row.event.ticket_id for row in rows}
    headers = {"Auto-Submitted": "auto-generated"}  # RFC 3834, section 5
    root = f"<help-desk.ticket.{min(tickets)}@{domain}>"
    if len(tickets) > 1:
        headers["Message-ID"] = f"<help-desk.digest.{max(row.pk for row in rows)}@{domain}>"
    elif is_new(rows):
        headers["Message-ID"] = root
    else:
        event_id = max(row.event_id for row in rows)
        headers["Message-ID"] = f"<help-desk.event.{event_id}@{domain}>"
        headers["In-Reply-To"] = headers["References"] = root
    return headers | _unsubscribe_headers(rows, tickets)


def is_new(rows: Sequence[Notification]) -> bool:
    """Say whether a message begins the conversation on its ticket.

    Args:
        rows: What the message tells of, oldest first.

    Returns:
        Whether the first of them is the ticket's creation.
    """
    return rows[0].event.type == TicketEventType.NEW


def _unsubscribe_headers(rows: Sequence[Notification], tickets: set[int]) -> dict[str, str]:
    user_id = rows[0].recipient_id
    if user_id is None:
        # An address in ADMINS without an account: only the settings can stop it.
        return {}
    wish = unsubscribe.of(
        user_id,
        ticket_id=min(tickets) if len(tickets) == 1 else None,
        # Whoever is mentioned hears of the ticket for that, whatever they hear of new ones.
        is_new=is_new(rows) and not NotificationKind.MENTION in rows[0].kinds,
    )
    url = page_url("page:unsubscribe", token=unsubscribe.token_for(wish))
    if url is None:
        return {}
    url = _in_ascii(url)
    headers = {"List-Unsubscribe": f"<{url}>"}  # RFC 2369, section 3.2
    if url.startswith("https:"):
        # RFC 8058, section 3.1, allows one click over HTTPS only.
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _domain() -> str:
    """The part of a Message-ID that makes it the site's own."""
    url = site_url()
    host = urlsplit(url).hostname if url else None
    return punycode(host) if host else str(DNS_NAME)


def _in_ascii(url: str) -> str:
    """Spell an address as headers need it (RFC 3987, section 3.1)."""
    parts = urlsplit(url)
    return iri_to_uri(parts._replace(netloc=punycode(parts.netloc)).geturl())


class WholeHeader:
    """A header that stays in one piece, however long.

    Python's `email.policy` makes encoded words of what does not fit into a line. Those are
    for text (RFC 2047, section 5): where an address should be, nobody decodes them.
    """

    max_count = None

    @staticmethod
    def parse(value: str, kwds: dict[str, Any]) -> None:
        """Take the value as it is.

        Args:
            value: The header's value.
            kwds: What `email.headerregistry.BaseHeader` wants to know of it.
        """
        kwds["decoded"] = value
        kwds["parse_tree"] = None

    def fold(self: Any, *, policy: Policy) -> str:
        """Write the header.

        Args:
            policy: Says how lines end.

        Returns:
            One line.
        """
        return f"{self.name}: {self}{policy.linesep}"


class _Headers(HeaderRegistry):
    """Knows the headers that stay whole; makes each header's class once, not each time."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe"):
            # A mixin, as the classes of the standard library are.
            self.map_to_type(name, WholeHeader)  # type: ignore[arg-type]

    @cache
    def __getitem__(self, name: str) -> type[BaseHeader]:
        return super().__getitem__(name)


_headers = _Headers()


class HelpDeskEmail(EmailMultiAlternatives):
    """An e-mail whose addresses in headers mail programs can read."""

    def message(self, **options: Any) -> Any:
        """Build the message.

        Args:
            **options: What Django's own method takes: from 6.0 on, a policy.

        Returns:
            What that returns.
        """
        if VERSION >= (6, 0):
            policy = options.get("policy", email.policy.default)
            options["policy"] = policy.clone(header_factory=_headers)
        return super().message(**options)
