"""The webhooks that the host has set up, and what is wrong with them."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.checks import Error, Warning

from help_desk.channels.webhook.http_post import url_problem
from help_desk.conf import help_desk_settings
from help_desk.enums import NotificationKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.core.checks import CheckMessage

logger = logging.getLogger(__name__)

KEYS = frozenset({"url", "secret", "kinds"})

KINDS = frozenset(NotificationKind) - {NotificationKind.MENTION}
"""What a webhook can ask for; a mention is a person's."""

URL_LENGTH = 500
"""What a notification's address has room for."""

SECRET_LENGTH = 32
"""Characters; RFC 2104, section 3, wants a key of at least the hash's 32 bytes."""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One entry of the setting `WEBHOOKS`.

    Attributes:
        url: Where events are posted to.
        secret: What they are signed with.
        kinds: What it asks for; None for all but internal notes.
    """

    url: str
    secret: str = field(repr=False)
    kinds: frozenset[str] | None = None

    @property
    def includes_internal(self) -> bool:
        """Whether internal notes may go there: only where they are asked for by name."""
        return self.kinds is not None and NotificationKind.NOTE in self.kinds

    def part_of(self, kinds: Collection[str]) -> list[str]:
        """Say what of an event may go there.

        Args:
            kinds: What the event is.

        Returns:
            Its kinds without what must not go there, in alphabetical order; none if the
            webhook did not ask for any of these.
        """
        allowed = KINDS if self.includes_internal else KINDS - {NotificationKind.NOTE}
        part = allowed.intersection(kinds)
        enabled = self.kinds is None or not part.isdisjoint(self.kinds)
        return sorted(str(kind) for kind in part) if enabled else []


def webhooks() -> list[Webhook]:
    """Read the setting.

    Returns:
        The webhooks that can be used, each URL once. The log says why others cannot, and
        so do the system checks.
    """
    found: dict[str, Webhook] = {}
    for position, entry in enumerate(_entries()):
        problems = [problem for _check_id, problem, _hint in _problems(entry)]
        if problems:
            logger.error("HELP_DESK['WEBHOOKS'][%d] is not used: %s", position, problems[0])
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
    """Look for entries with which webhooks cannot work.

    No message holds a secret, nor more of a URL than its host.

    Returns:
        E120 for an entry that is no dict of the right keys, E121 for a URL that nothing
        can be posted to, E122 for a missing or short secret, E123 for unknown kinds, E124
        for a URL that is there twice; W120 if there is no webhook, W121 for a URL
        without TLS.
    """
    entries = _entries()
    if not entries:
        return [
            Warning(
                "HELP_DESK['WEBHOOKS'] is empty, so the webhook channel tells nobody.",
                hint="Write a list of dicts with `url` and `secret`, or take WebhookChannel "
                "out of HELP_DESK['CHANNELS'].",
                id="help_desk.W120",
            )
        ]
    messages: list[CheckMessage] = [
        Error(f"HELP_DESK['WEBHOOKS'][{position}]: {problem}", hint=hint, id=check_id)
        for position, entry in enumerate(entries)
        for check_id, problem, hint in _problems(entry)
    ]
    # MariaDB compares without regard to case, and one event goes to one address once.
    counts = Counter(filter(None, map(_comparable, entries)))
    messages += [
        Error(
            f"HELP_DESK['WEBHOOKS'] has a URL at {urlsplit(url).hostname} {count} times.",
            hint="Name each URL once, with all the kinds that it is to hear of; "
            "they must differ in more than the case of letters.",
            id="help_desk.E124",
        )
        for url, count in counts.items()
        if count > 1
    ]
    if not help_desk_settings.WEBHOOKS_TO_PRIVATE_ADDRESSES:
        messages += [
            Warning(
                f"The webhook at {urlsplit(url).hostname} has no TLS: others on the way can "
                "read what tickets say.",
                hint="Write https://, if the other side can do that.",
                id="help_desk.W121",
            )
            for url in counts
            if url.startswith("http:")
        ]
    return messages


def _entries() -> list[Any]:
    value: object = help_desk_settings.WEBHOOKS
    return list(value) if isinstance(value, (list, tuple)) else []  # E102 says so.


def _problems(entry: object) -> Iterator[tuple[str, str, str]]:
    """Give check's id, problem and hint for all that is wrong with an entry."""
    if not isinstance(entry, dict) or not {"url", "secret"} <= entry.keys() <= KEYS:
        yield (
            "help_desk.E120",
            "this is no dict with `url`, `secret` and perhaps `kinds`.",
            'Write {"url": "https://…", "secret": "…"}.',
        )
        return
    problem = url_problem(entry["url"])
    if not problem and len(entry["url"]) > URL_LENGTH:
        problem = f"is longer than {URL_LENGTH} characters"
    if problem:
        yield (
            "help_desk.E121",
            f"the URL {problem}.",
            'Write such as "https://hooks.example.com/tickets".',
        )
    secret = entry["secret"]
    if not isinstance(secret, str) or not secret.isascii() or len(secret) < SECRET_LENGTH:
        yield (
            "help_desk.E122",
            f"the secret is no text of at least {SECRET_LENGTH} ASCII characters.",
            "Make one by `python -c 'import secrets; print(secrets.token_urlsafe(32))'`.",
        )
    kinds = entry.get("kinds")
    if kinds is not None and not _are_kinds(kinds):
        yield (
            "help_desk.E123",
            f"the kinds {kinds!r} are no list of kinds of event.",
            f"Write a list of some of {', '.join(sorted(KINDS))}, or leave `kinds` out.",
        )


def _are_kinds(kinds: object) -> bool:
    return (
        isinstance(kinds, (list, tuple, set, frozenset))
        and len(kinds) > 0
        and all(isinstance(kind, str) and kind in KINDS for kind in kinds)
    )


def _comparable(entry: Any) -> str:
    """Give the URL as a database compares it; empty where there is none."""
    url = entry.get("url") if isinstance(entry, dict) else None
    return url.lower() if isinstance(url, str) and not url_problem(url) else ""
