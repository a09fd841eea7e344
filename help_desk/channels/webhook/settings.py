"""The setting `WEBHOOKS`: its entries and their problems."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core import checks

from help_desk.channels.webhook.http_post import url_problem
from help_desk.conf import help_desk_settings
from help_desk.enums import NotificationKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.core.checks import CheckMessage

logger = logging.getLogger(__name__)

KEYS = frozenset({"url", "secret", "kinds"})

KINDS = frozenset(NotificationKind) - {NotificationKind.MENTION}
"""The kinds of event that can be sent; a mention is only for the user mentioned."""

URL_LENGTH = 500
"""The length of a notification's address."""

SECRET_LENGTH = 32
"""Characters; RFC 2104, section 3, requires a key of at least the hash's 32 bytes."""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One entry of the setting `WEBHOOKS`.

    Attributes:
        url: The URL that events are posted to.
        secret: The key of the signatures.
        kinds: The kinds of event to send; None for all except internal notes.
    """

    url: str
    secret: str = field(repr=False)
    kinds: frozenset[str] | None = None

    @property
    def includes_internal(self) -> bool:
        """Whether internal notes are sent: only if `kinds` contains them."""
        return self.kinds is not None and NotificationKind.NOTE in self.kinds

    def kinds_to_send(self, kinds: Collection[str]) -> list[str]:
        """Return the kinds of an event that may be sent to this webhook, sorted.

        Empty if the webhook is configured for none of them.
        """
        allowed = KINDS if self.includes_internal else KINDS - {NotificationKind.NOTE}
        allowed_kinds = allowed.intersection(kinds)
        is_requested = self.kinds is None or not allowed_kinds.isdisjoint(self.kinds)
        return sorted(str(kind) for kind in allowed_kinds) if is_requested else []


def webhooks() -> list[Webhook]:
    """Return the valid entries of the setting, each URL once; log the others."""
    found: dict[str, Webhook] = {}
    for index, entry in enumerate(help_desk_settings.WEBHOOKS):
        problems = [problem for _check_id, problem, _hint in _problems(entry)]
        if problems:
            logger.error("HELP_DESK['WEBHOOKS'][%d] is not used: %s", index, problems[0])
            continue
        kinds = entry.get("kinds")
        webhook = Webhook(
            url=entry["url"],
            secret=entry["secret"],
            kinds=None if kinds is None else frozenset(kinds),
        )
        found.setdefault(webhook.url, webhook)
    return list(found.values())


def check_webhooks() -> list[CheckMessage]:
    """Return messages about invalid entries: E120 to E124, W120 and W121.

    They contain no secrets, and nothing of a URL but its host.
    """
    entries = help_desk_settings.WEBHOOKS
    if not entries:
        return [
            checks.Warning(
                "HELP_DESK['WEBHOOKS'] is empty, so the webhook channel sends nothing.",
                hint="Add a dict with 'url' and 'secret', or remove WebhookChannel from "
                "HELP_DESK['CHANNELS'].",
                id="help_desk.W120",
            )
        ]
    messages: list[CheckMessage] = [
        checks.Error(f"HELP_DESK['WEBHOOKS'][{index}]: {problem}", hint=hint, id=check_id)
        for index, entry in enumerate(entries)
        for check_id, problem, hint in _problems(entry)
    ]
    # MariaDB compares case-insensitively, and an event has one row per address.
    counts = Counter(filter(None, map(_case_insensitive_url, entries)))
    messages += [
        checks.Error(
            f"HELP_DESK['WEBHOOKS'] contains a URL at {urlsplit(url).hostname} {count} times.",
            hint="Configure each URL once, with all its kinds. URLs that differ only in case "
            "count as the same.",
            id="help_desk.E124",
        )
        for url, count in counts.items()
        if count > 1
    ]
    if not help_desk_settings.WEBHOOKS_TO_PRIVATE_ADDRESSES:
        messages += [
            checks.Warning(
                f"The webhook at {urlsplit(url).hostname} uses HTTP, so others on the network "
                "can read ticket data.",
                hint="Use https:// if the receiver supports it.",
                id="help_desk.W121",
            )
            for url in counts
            if url.startswith("http:")
        ]
    return messages


def _problems(entry: object) -> Iterator[tuple[str, str, str]]:
    """Yield check ID, message and hint for each problem of an entry."""
    if not isinstance(entry, dict) or not {"url", "secret"} <= entry.keys() <= KEYS:
        yield (
            "help_desk.E120",
            "the entry must be a dict with 'url', 'secret' and, optionally, 'kinds'.",
            'For example: {"url": "https://hooks.example.com/tickets", "secret": "…"}.',
        )
        return
    problem = url_problem(entry["url"])
    if not problem and len(entry["url"]) > URL_LENGTH:
        problem = f"is longer than {URL_LENGTH} characters"
    if problem:
        yield (
            "help_desk.E121",
            f"the URL {problem}.",
            'For example: "https://hooks.example.com/tickets".',
        )
    secret = entry["secret"]
    if not isinstance(secret, str) or not secret.isascii() or len(secret) < SECRET_LENGTH:
        yield (
            "help_desk.E122",
            f"the secret must have at least {SECRET_LENGTH} ASCII characters.",
            "Generate one: python -c 'import secrets; print(secrets.token_urlsafe(32))'.",
        )
    kinds = entry.get("kinds")
    if kinds is not None and not _are_kinds(kinds):
        yield (
            "help_desk.E123",
            f"'kinds' is {kinds!r}, which is not a list of event kinds.",
            f"Use some of {', '.join(sorted(KINDS))}, or remove 'kinds'.",
        )


def _are_kinds(kinds: object) -> bool:
    return (
        isinstance(kinds, (list, tuple, set, frozenset))
        and len(kinds) > 0
        and all(isinstance(kind, str) and kind in KINDS for kind in kinds)
    )


def _case_insensitive_url(entry: Any) -> str:
    """Return the URL as a case-insensitive database compares it; empty if it is invalid."""
    url = entry.get("url") if isinstance(entry, dict) else None
    return url.lower() if isinstance(url, str) and not url_problem(url) else ""
