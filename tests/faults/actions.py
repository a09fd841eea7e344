"""What users do on the site, and a record of each post for the checks."""

from __future__ import annotations

import random
import re
import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.faults.browser import Browser, Response
from tests.faults.people import MENTIONED, PEOPLE

PRIORITIES = ("low", "med", "high", "urge")
STATUSES = ("read", "prog", "done")
PURPOSES = ("app", "comp")
ASSIGNEES = ("mona", "sam", "igor", "ida", "ivan", "iris")
FOLLOWERS = ("rosa", "iris", "mona", "ruth")
"""Users who follow or mute some tickets explicitly, right after they were created."""
_CREATED = re.compile(r"Ticket #(\d+)(?:</a>)? created")


@dataclass
class Post:
    """One submission of a form, and what it should have changed."""

    user: str
    action: str
    ticket: int | None
    response: Response
    token: str = ""
    """Unique text in what was submitted; empty for changes without a text."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Field to submitted value."""
    version: int | None = None


class Tickets:
    """The tickets that the clients know of, and explicit subscriptions."""

    def __init__(self) -> None:
        self.recent: deque[int] = deque(maxlen=40)
        self.deleted: deque[int] = deque(maxlen=20)
        self.subscriptions: dict[int, dict[str, str]] = {}
        """Ticket to user to `follow` or `mute`."""

    def pick(self, choice: random.Random) -> int | None:
        """Return a ticket; often one of the newest, so that users get in each other's way."""
        known = list(self.recent)
        if not known:
            return None
        return choice.choice(known[-4:] if choice.random() < 0.8 else known)

    def forget(self, ticket: int) -> None:
        """Remember that a ticket was deleted."""
        self.deleted.append(ticket)
        with suppress(ValueError):  # another client was faster
            self.recent.remove(ticket)


class Client:
    """One user, who does one thing after the other in a thread."""

    def __init__(
        self,
        browser: Browser,
        tickets: Tickets,
        posts: list[Post],
        subscribers: Mapping[str, Browser],
        choice: random.Random,
    ) -> None:
        self.browser = browser
        self.person = PEOPLE[browser.name]
        self.tickets = tickets
        self.posts = posts
        self.subscribers = subscribers
        self.random = choice
        self.fault_probability = 0.0
        self.faults: tuple[str, ...] = ("failed",)
        self.comments: deque[tuple[int, int]] = deque(maxlen=5)
        self.versions: dict[int, int] = defaultdict(int)
        self.actions = self._allowed_actions()

    def _allowed_actions(self) -> dict[Callable[[], object], int]:
        actions: dict[Callable[[], object], int] = {self.create: 12}
        if self.person.can("view"):
            actions |= {self.reply: 22, self.reply_twice: 3, self.edit_comment: 5, self.read: 8}
        if self.person.can("change"):
            actions |= {
                self.add_note: 8,
                self.reply_with_status: 6,
                self.change_status: 16,
                self.assign: 12,
                self.update: 10,
            }
        if self.person.can("delete"):
            actions |= {self.delete: 6, self.restore: 6}
        return actions

    def act(self) -> None:
        """Do something."""
        self.random.choices(list(self.actions), list(self.actions.values()))[0]()

    # Actions; each returns the response to its last post, or None if there was nothing to do.

    def create(self, fault: str | None = None) -> Response:
        """Create a ticket; perhaps let others follow or mute it, then let others see it."""
        token = self._token("T")
        data = {"purpose": self.random.choice(PURPOSES), "priority": self._priority()}
        text = f"It broke. {self._mention()}{token}"
        path = "/help_desk/form/create/"
        response = self._post("create", None, path, {**data, "description": text}, token, fault)
        if response.is_saved:
            # The message on the next page names the ticket.
            page = self.browser.get("/help_desk/page/inbox/", "inbox").body
            numbers = _CREATED.findall(page)
            if numbers and int(numbers[-1]) not in self.tickets.subscriptions:
                self._subscribe_some(int(numbers[-1]))
                self.tickets.recent.append(int(numbers[-1]))
        return response

    def _subscribe_some(self, ticket: int) -> None:
        """Before anyone else knows the ticket, so that the checks know who was subscribed when."""
        subscriptions = {}
        for name in FOLLOWERS:
            if self.random.random() < 0.15:
                subscription = self.random.choice(["follow", "mute"])
                path = f"/help_desk/form/{ticket}/follow/"
                data = {"subscription": subscription}
                # It is the same however often it is sent.
                attempts = (self.subscribers[name].post(path, "follow", data) for _ in range(20))
                if not any(response.is_saved for response in attempts):
                    message = f"{name} could not {subscription} #{ticket}."
                    raise RuntimeError(message)
                subscriptions[name] = subscription
        self.tickets.subscriptions[ticket] = subscriptions

    def reply(self, fault: str | None = None) -> Response | None:
        """Reply; send the form again if there was no response, as a user would."""
        return self._comment("reply", fault=fault)

    def add_note(self, fault: str | None = None) -> Response | None:
        """Add an internal note, perhaps with a status."""
        status = self.random.choice(["", "", self._status()])
        return self._comment("note", fault=fault, visibility="internal", status=status)

    def reply_with_status(self, fault: str | None = None) -> Response | None:
        """Reply and change the status."""
        return self._comment("reply", fault=fault, status=self._status())

    def reply_twice(self) -> None:
        """Send the same form twice at the same time, as by a double click."""
        if (ticket := self.tickets.pick(self.random)) is None:
            return
        if not (version := self._read_version(ticket)):
            return  # without a version, both are saved
        token = self._token("C")
        data = {"text": f"I see. {token}", "version": version}
        path = f"/help_desk/form/{ticket}/comment/"
        again = threading.Thread(
            target=self._post, args=("reply", ticket, path, data, token), kwargs={"fault": ""}
        )
        again.start()
        self._post("reply", ticket, path, data, token)
        again.join()

    def _comment(self, action: str, *, fault: str | None, **fields: str) -> Response | None:
        if (ticket := self.tickets.pick(self.random)) is None:
            return None
        version = self._read_version(ticket)
        token = self._token("C")
        data = {"text": f"I see. {self._mention()}{token}", "version": version, **fields}
        path = f"/help_desk/form/{ticket}/comment/"
        response = self._post(action, ticket, path, data, token, fault)
        for _ in range(3):
            if response.status is not None or fields.get("status") or not version:
                break
            response = self._post(action, ticket, path, data, token, "")
        _, _, comment = response.location.partition("#help-desk-comment-")
        if response.is_saved and comment:
            self.comments.append((ticket, int(comment)))
        return response

    def edit_comment(self, fault: str | None = None) -> Response | None:
        """Edit an own comment."""
        if not self.comments:
            return None
        ticket, comment = self.random.choice(self.comments)
        token = self._token("C")
        path = f"/help_desk/form/comment/{comment}/edit/"
        return self._post("edit", ticket, path, {"text": f"Corrected. {token}"}, token, fault)

    def change_status(self, fault: str | None = None) -> Response | None:
        """Change the status with one click."""
        return self._change("status", fault, {"status": self._status()}, "status")

    def assign(self, fault: str | None = None) -> Response | None:
        """Assign a ticket to a colleague or oneself, or unassign it."""
        action = self.random.choice(["assign", "assign", "assign_to_me", "unassign"])
        colleague = self.random.choice(ASSIGNEES)
        name = {"assign": colleague, "assign_to_me": self.person.name}.get(action)
        data = {"action": action, "assignee": name if action == "assign" else ""}
        return self._change("assign", fault, data, "assigned_to", name)

    def _change(
        self,
        action: str,
        fault: str | None,
        data: dict[str, Any],
        field_name: str,
        value: Any = None,
    ) -> Response | None:
        if (ticket := self.tickets.pick(self.random)) is None:
            return None
        if self.random.random() < 0.5:
            data["version"] = self._read_version(ticket)
        value = data["status"] if action == "status" else value
        path = f"/help_desk/form/{ticket}/{action}/"
        return self._post(action, ticket, path, data, "", fault, **{field_name: value})

    def update(self, fault: str | None = None) -> Response | None:
        """Edit the fields of a ticket; without a version, whatever others did is overwritten."""
        if (ticket := self.tickets.pick(self.random)) is None:
            return None
        token = self._token("T")
        changes = {
            "purpose": self.random.choice(PURPOSES),
            "priority": self._priority(),
            "status": self._status(),
            "description": f"Edited. {token}",
        }
        data: dict[str, Any] = dict(changes)
        if self.random.random() < 0.5:
            data["version"] = self._read_version(ticket)
        path = f"/help_desk/form/{ticket}/update/"
        return self._post("update", ticket, path, data, token, fault)

    def delete(self, fault: str | None = None) -> Response | None:
        """Delete a ticket."""
        if (ticket := self.tickets.pick(self.random)) is None:
            return None
        path = f"/help_desk/page/{ticket}/delete/"
        data = {"should_delete": "1"}
        response = self._post("delete", ticket, path, data, "", fault, is_deleted=True)
        if response.is_saved or response.status == 404:
            self.tickets.forget(ticket)
        return response

    def restore(self, fault: str | None = None) -> Response | None:
        """Restore a ticket that was deleted."""
        if not self.tickets.deleted:
            return None
        ticket = self.random.choice(self.tickets.deleted)
        path = f"/restore/{ticket}/"
        response = self._post("restore", ticket, path, {}, "", fault, is_deleted=False)
        if response.is_saved:
            self.tickets.recent.append(ticket)
        return response

    def read(self) -> None:
        """Open the pages that only show something."""
        self.browser.get("/help_desk/page/list/", "list")
        self.browser.get("/help_desk/page/list/?q=broke&status=read", "search")
        self.browser.get("/help_desk/page/inbox/", "inbox")
        if (ticket := self.tickets.pick(self.random)) is not None:
            self._read_version(ticket)

    # Helpers

    def _post(
        self,
        action: str,
        ticket: int | None,
        path: str,
        data: dict[str, Any],
        token: str = "",
        fault: str | None = None,
        **changes: Any,
    ) -> Response:
        if fault is None:
            fault = self._choose_fault()
        response = self.browser.post(path, action, data, fault)
        version = data.get("version")
        self.posts.append(
            Post(
                user=self.browser.name,
                action=action,
                ticket=ticket,
                response=response,
                token=token,
                changes=changes,
                version=int(version) if version else None,
            )
        )
        return response

    def _choose_fault(self) -> str:
        if self.random.random() >= self.fault_probability:
            return ""
        return f"{self.random.choice(self.faults)}:{self.random.randint(1, 30)}"

    def _read_version(self, ticket: int) -> str:
        """Open the ticket; sometimes keep an old page, so that edits are in conflict."""
        if ticket not in self.versions or self.random.random() < 0.7:
            version = self.browser.get(f"/help_desk/page/{ticket}/detail/", "detail").version
            if version:
                self.versions[ticket] = int(version)
        return str(self.versions[ticket] or "")

    def _token(self, letter: str) -> str:
        return f"{letter}{uuid.UUID(int=self.random.getrandbits(128)).hex}"

    def _mention(self) -> str:
        return f"@{self.random.choice(MENTIONED)} " if self.random.random() < 0.25 else ""

    def _priority(self) -> str:
        return self.random.choice(PRIORITIES)

    def _status(self) -> str:
        return self.random.choice(STATUSES)
