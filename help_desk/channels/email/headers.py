"""The headers of an email: its conversation, and how to unsubscribe."""

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

from help_desk.auth.developers import address_key, developer_addresses
from help_desk.content import unsubscribe
from help_desk.content.links import page_url, site_url
from help_desk.enums import NotificationKind, TicketEventType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.headerregistry import BaseHeader
    from email.policy import Policy

    from help_desk.models import Notification


def headers_of(rows: Sequence[Notification]) -> dict[str, str]:
    """Return the headers of a message with these rows, to one recipient, oldest first.

    They make a ticket one conversation in mail programs (RFC 5322, section 3.6.4), and are the
    same at every attempt, except for the time in the token of `List-Unsubscribe`.
    """
    domain = _domain()
    ticket_ids = {row.event.ticket_id for row in rows}
    headers = {"Auto-Submitted": "auto-generated"}  # RFC 3834, section 5
    root = f"<help-desk.ticket.{min(ticket_ids)}@{domain}>"
    if len(ticket_ids) > 1:
        headers["Message-ID"] = f"<help-desk.digest.{max(row.pk for row in rows)}@{domain}>"
    elif begins_conversation(rows):
        headers["Message-ID"] = root
    else:
        event_id = max(row.event_id for row in rows)
        headers["Message-ID"] = f"<help-desk.event.{event_id}@{domain}>"
        headers["In-Reply-To"] = headers["References"] = root
    return headers | _unsubscribe_headers(rows, ticket_ids)


def begins_conversation(rows: Sequence[Notification]) -> bool:
    """Whether the first row is about the ticket's creation."""
    return rows[0].event.type == TicketEventType.NEW


def _unsubscribe_headers(rows: Sequence[Notification], ticket_ids: set[int]) -> dict[str, str]:
    user_id, address = rows[0].recipient_id, rows[0].address or ""
    if user_id is None and address_key(address) not in developer_addresses():
        return {}  # a subscriber of the host's channel, which the link could not stop
    unsubscription = unsubscribe.unsubscription_for(
        user_id,
        address,
        ticket_id=min(ticket_ids) if len(ticket_ids) == 1 else None,
        # A mentioned user is notified of this ticket, whatever they get about new ones.
        is_new_ticket=begins_conversation(rows) and NotificationKind.MENTION not in rows[0].kinds,
    )
    url = page_url("page:unsubscribe", token=unsubscribe.token_for(unsubscription))
    if url is None:
        return {}
    url = _to_ascii(url)
    headers = {"List-Unsubscribe": f"<{url}>"}  # RFC 2369, section 3.2
    if url.startswith("https:"):
        # RFC 8058, section 3.1, allows one click over HTTPS only.
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _domain() -> str:
    """Return the domain that makes a Message-ID unique to this site."""
    url = site_url()
    host = urlsplit(url).hostname if url else None
    return punycode(host) if host else str(DNS_NAME)


def _to_ascii(url: str) -> str:
    """Return a URL in ASCII, as headers need it (RFC 3987, section 3.1)."""
    parts = urlsplit(url)
    return iri_to_uri(parts._replace(netloc=punycode(parts.netloc)).geturl())


class UnfoldedHeader:
    """A header on one line, however long.

    Python's `email.policy` turns what does not fit into a line into encoded words. They are
    for text (RFC 2047, section 5); mail programs do not decode them in a URL or message ID.
    """

    max_count = None

    @staticmethod
    def parse(value: str, kwds: dict[str, Any]) -> None:
        """Keep the value unchanged, in the interface of `email.headerregistry.BaseHeader`."""
        kwds["decoded"] = value
        kwds["parse_tree"] = None

    def fold(self: Any, *, policy: Policy) -> str:
        """Return the header as one line."""
        return f"{self.name}: {self}{policy.linesep}"


class _Headers(HeaderRegistry):
    """Registers the unfolded headers, and caches the class of each header."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe"):
            # A mixin, like the classes of the standard library.
            self.map_to_type(name, UnfoldedHeader)  # type: ignore[arg-type]

    @cache  # noqa: B019 -- one instance, and few names
    def __getitem__(self, name: str) -> type[BaseHeader]:
        return super().__getitem__(name)


_headers = _Headers()


class HelpDeskEmail(EmailMultiAlternatives):
    """An email whose URLs and message IDs in headers stay readable, however long."""

    def message(self, **options: Any) -> Any:
        """Build the message; from Django 6.0, the options can contain a policy."""
        if VERSION >= (6, 0):
            policy = options.get("policy", email.policy.default)
            options["policy"] = policy.clone(header_factory=_headers)
        return super().message(**options)
