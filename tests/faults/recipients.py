"""Who must be notified of what: an independent reading of docs/topics/notifications.md.

It shares no code with the package; it knows the users from `people.py` and the events from
`history.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.history import Event, Ticket
from tests.faults.people import EXTERNAL_DEVELOPER, PEOPLE, Person

# The table of docs/topics/notifications.md: kind and role to channels.
IN_APP = {"in_app"}
BOTH = {"in_app", "email"}
TABLE = {
    ("new", "manager"): IN_APP,
    ("new", "developer"): BOTH,
    **{(kind, role): BOTH for kind in ("reply", "note") for role in ("creator", "assignee")},
    **{(kind, "follower"): BOTH for kind in ("reply", "note")},
    ("assignment", "creator"): IN_APP,
    ("assignment", "assignee"): BOTH,
    ("assignment", "follower"): IN_APP,
    ("status", "creator"): BOTH,
    ("status", "assignee"): BOTH,
    ("status", "follower"): IN_APP,
    ("priority", "assignee"): BOTH,
    ("priority", "follower"): IN_APP,
    ("priority", "manager"): IN_APP,
    ("mention", "mentioned"): BOTH,
}
KIND_OF_FIELD = {"assigned_to": "assignment", "status": "status", "priority": "priority"}

Key = tuple[int, str, str]
"""Event, channel, and email address (in the app: name) of the recipient."""


class Oracle:
    """Follows the subscriptions of each ticket from event to event."""

    def __init__(
        self, ids: Mapping[str, int], subscriptions: Mapping[int, Mapping[str, str]]
    ) -> None:
        self.people = {user_id: PEOPLE[name] for name, user_id in ids.items()}
        self.subscriptions = subscriptions

    def expected(self, tickets: Mapping[int, Ticket]) -> set[Key]:
        """Return the notifications that must exist."""
        return {key for ticket in tickets.values() for key in self._of_ticket(ticket)}

    def _of_ticket(self, ticket: Ticket) -> Iterator[Key]:
        follows: dict[str, bool] = {}
        assignee = None
        for event in ticket.events:
            mentioned = self._mentioned(event)
            if event.type == "new":
                yield from self._of_new_ticket(event, mentioned)
                follows |= dict.fromkeys(mentioned, True)
                chosen = self.subscriptions.get(ticket.id, {})
                follows |= {name: choice == "follow" for name, choice in chosen.items()}
            else:
                if event.type == "comment":
                    for name in {self.people[event.actor].name, *mentioned}:
                        follows.setdefault(name, True)
                yield from self._of_change(ticket, event, mentioned, follows, assignee)
            assignee = event.values["assigned_to"]

    def _mentioned(self, event: Event) -> set[str]:
        """Return the users whom a new ticket or a comment mentions and who can read it."""
        if event.type == "update":
            return set()
        text = event.changes["description" if event.type == "new" else "text"][1]
        needed = ("view", "change") if event.is_internal else ("view",)
        names = re.findall(r"@(\w+)", text)
        return {name for name in names if all(PEOPLE[name].can(action) for action in needed)}

    def _of_new_ticket(self, event: Event, mentioned: set[str]) -> Iterator[Key]:
        actor = self.people[event.actor].name
        for person in PEOPLE.values():
            roles = {"developer"} if person.is_developer else set()
            roles |= {"manager"} if person.can("delete") else set()
            roles |= {"mentioned"} if person.name in mentioned - {actor} else set()
            kinds = {"new", "mention"} if mentioned else {"new"}
            if person.is_active:
                yield from self._keys(event, person, kinds, roles)
        yield event.id, "email", EXTERNAL_DEVELOPER

    def _of_change(
        self,
        ticket: Ticket,
        event: Event,
        mentioned: set[str],
        follows: Mapping[str, bool],
        previous_assignee: Any,
    ) -> Iterator[Key]:
        kinds = {kind for name, kind in KIND_OF_FIELD.items() if name in event.changes}
        if event.type == "comment":
            kinds.add("note" if event.is_internal else "reply")
            kinds |= {"mention"} if mentioned else set()
        for user_id, person in self.people.items():
            is_muted = follows.get(person.name) is False
            can_read = person.can("view") and (not event.is_internal or person.can("change"))
            if user_id == event.actor or is_muted or not can_read:
                continue
            is_former = "assigned_to" in event.changes and user_id == previous_assignee
            roles = {
                "creator": user_id == ticket.creator,
                "assignee": user_id == event.values["assigned_to"],
                "follower": follows.get(person.name) or is_former,
                "manager": person.can("delete"),
                "mentioned": person.name in mentioned,
            }
            yield from self._keys(event, person, kinds, {role for role in roles if roles[role]})

    def _keys(
        self, event: Event, person: Person, kinds: set[str], roles: set[str]
    ) -> Iterator[Key]:
        channels = set()
        for kind in kinds:
            of_kind = set().union(*(TABLE.get((kind, role), set()) for role in roles))
            if of_kind:
                # Preferences take precedence, unless no rule applies at all.
                for (preferred_kind, channel), enabled in person.preferences.items():
                    if preferred_kind == kind:
                        of_kind = of_kind | {channel} if enabled else of_kind - {channel}
            channels |= of_kind
        for channel in channels:
            yield event.id, channel, person.email if channel == "email" else person.name

    def may_be_skipped(self, ticket: Ticket, event: Event, address: str) -> bool:
        """Whether an email may have become unnecessary before it was sent."""
        later = [other for other in ticket.events if other.id > event.id]
        if any(other.changes.get("is_deleted", [0, 0])[1] for other in later):
            return True
        chosen = self.subscriptions.get(ticket.id, {})
        muted = {PEOPLE[name].email for name, choice in chosen.items() if choice == "mute"}
        return event.type == "new" and address in muted
