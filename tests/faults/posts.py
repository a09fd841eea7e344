"""Whether every answered post is saved exactly once, and every other one at most once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.faults.actions import Post
from tests.faults.history import Event, Ticket

LOCK_WAIT = 10.0
"""Seconds that a change may have waited for a lock before it was committed."""


class PostChecks:
    """Compares the posts of the clients with the history."""

    def __init__(
        self, tickets: Mapping[int, Ticket], posts: Iterable[Post], ids: Mapping[str, int]
    ) -> None:
        self.tickets = tickets
        self.posts = list(posts)
        self.ids = ids
        self.by_token: dict[str, list[Event]] = defaultdict(list)
        self.by_actor: dict[tuple[int, int | None], list[Event]] = defaultdict(list)
        for ticket in tickets.values():
            for event in ticket.events:
                for name in ("description", "text"):
                    if name in event.changes:
                        self.by_token[event.changes[name][1].split()[-1]].append(event)
                self.by_actor[ticket.id, event.actor].append(event)
        self.explained: set[int] = set()

    def problems(self) -> Iterator[str]:
        """Yield what is missing, saved twice, or saved although nobody posted it."""
        yield from self._check_tokens()
        for post in self.posts:
            if not post.token:
                yield from self._check_change(post)
            elif post.changes or post.action in {"reply", "note"}:
                self.explained |= {event.id for event in self._during(post)}
        for ticket in self.tickets.values():
            for event in ticket.events:
                if event.id not in self.explained:
                    yield f"event {event.id} of ticket {ticket.id}: nobody posted it"

    def _check_tokens(self) -> Iterator[str]:
        """Check the posts with a unique text; several posts are one form that was sent again."""
        posts = defaultdict(list)
        for post in self.posts:
            if post.token:
                posts[post.token].append(post)
        for token, same in posts.items():
            events = self.by_token[token]
            self.explained |= {event.id for event in events}
            is_saved = any(post.response.is_saved for post in same)
            is_refused = all(_is_refused(post) for post in same)
            if len(events) > 1 or (is_saved and not events) or (is_refused and events):
                yield f"{_name(same[0])}: saved {len(events)} times; {_answers(same)}"
            for event in events:
                if event.actor != self.ids[same[0].user]:
                    yield f"{_name(same[0])}: recorded for user {event.actor}"

    def _check_change(self, post: Post) -> Iterator[str]:
        """Check a post that changes one field; its event is found by actor and time."""
        ((name, value),) = post.changes.items()
        value = self.ids.get(value) if name == "assigned_to" else value
        events = self._during(post)
        self.explained |= {event.id for event in events}
        fitting = [event for event in events if event.changes.get(name, [None, None])[1] == value]
        if len(events) > 1 or len(fitting) != len(events):
            yield f"{_name(post)}: events {[event.changes for event in events]}"
        elif events and _is_refused(post):
            yield f"{_name(post)}: saved, but answered by {post.response.status}"
        elif post.response.is_saved and not events and not self._is_needless(post, name, value):
            yield f"{_name(post)}: answered, but not saved"

    def _during(self, post: Post) -> list[Event]:
        response = post.response
        return [
            event
            for event in self.by_actor[post.ticket or 0, self.ids[post.user]]
            if response.start <= event.time <= response.end
        ]

    def _is_needless(self, post: Post, name: str, value: Any) -> bool:
        """Whether the ticket had the value already, or others changed the field meanwhile."""
        start, end = post.response.start - LOCK_WAIT, post.response.end
        events = self.tickets[post.ticket or 0].events
        before = [event for event in events if event.time < start]
        during = [event for event in events if start <= event.time <= end]
        values = [event.values.get(name) for event in [*before[-1:], *during]]
        is_conflict = post.version is not None and any(
            name in event.changes for event in events if event.id > post.version
        )
        return value in values or is_conflict


def _is_refused(post: Post) -> bool:
    """Whether the response says that nothing was saved."""
    return post.response.status in {200, 403, 404}


def _name(post: Post) -> str:
    target = "" if post.ticket is None else f" of ticket {post.ticket}"
    return f"{post.action}{target} by {post.user} ({post.token or post.changes})"


def _answers(posts: Iterable[Post]) -> str:
    counts = Counter(str(post.response.status or "no response") for post in posts)
    return ", ".join(f"{count} times {status}" for status, count in counts.items())
