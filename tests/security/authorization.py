"""Who may do what: the table that the tests prove and that the documentation shows.

A line per page, method and object: the response for each role. To add a page, add its lines
below and, if it takes data, an entry in `DATA`; then write the documentation again:

    python docs/generate_reference.py

Cells: `in` is a redirect to the login page, a number is the response's status, and a plus sign
means that the request does what the page is for. It changes rows of the models whose letters
stand in the last column, and any other request changes nothing. A HEAD request gets the status
of GET and changes nothing. All other methods get 405.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = {
    "out": "signed out",
    "none": "no permission",
    "add": "add",
    "view": "view",
    "chg": "change",
    "del": "delete",
    "agnt": "agent",
    "mngr": "manager",
    "own": "creator",
}
"""Column to its title; the tests sign in a user of each. An inactive user is signed out, and a
superuser has the rights of a manager."""

OBJECTS = {
    "-": "",
    "own": "own ticket",
    "others": "ticket of another user",
    "deleted": "own deleted ticket",
    "unknown": "no such number",
    "own-reply": "own reply",
    "old-reply": "own reply, too old to edit",
    "far-reply": "own reply on another user's ticket",
    "gone-reply": "own reply on a deleted ticket",
    "own-note": "own internal note",
    "their-reply": "reply of another user",
    "their-note": "internal note of another user",
    "n-new": "notification of a new ticket",
    "n-reply": "notification of a reply",
    "n-note": "notification of an internal note",
    "n-gone": "notification about a deleted ticket",
    "n-their": "notification of another user",
    "valid": "link from an email",
    "forged": "link with a wrong signature",
}
"""Object to its description; the tests create each for the user of each role."""

MODELS = {
    "T": "HelpDeskTicket",
    "E": "TicketEvent",
    "C": "TicketComment",
    "F": "TicketFollower",
    "N": "Notification",
    "P": "NotificationPreference",
    "S": "EmailSchedule",
    "U": "UnsubscribedAddress",
}

PAGES = """
route                    method object       out  none add  view chg  del  agnt mngr own  changes
index                    GET    -            in   302  302  302  302  302  302  302  302
page:list                GET    -            in   403  403  200  403  403  200  200  200
page:detail              GET    own          in   403  403  200+ 403  403  200+ 200+ 200+ N
page:detail              GET    others       in   403  403  200+ 403  403  200+ 200+ 403  N
page:detail              GET    deleted      in   403  403  404  403  403  404  404  404
page:detail              GET    unknown      in   403  403  404  403  403  404  404  404
page:submitted           GET    own          in   200  200  200  200  200  200  200  200
page:submitted           GET    others       in   404  404  404  404  404  404  404  404
page:submitted           GET    deleted      in   404  404  404  404  404  404  404  404
page:submitted           GET    unknown      in   404  404  404  404  404  404  404  404
page:delete              GET    own          in   403  403  403  403  200  403  200  403
page:delete              GET    others       in   403  403  403  403  200  403  200  403
page:delete              GET    deleted      in   403  403  403  403  404  403  404  403
page:delete              GET    unknown      in   403  403  403  403  404  403  404  403
page:delete              POST   own          in   403  403  403  403  302+ 403  302+ 403  TE
page:delete              POST   others       in   403  403  403  403  302+ 403  302+ 403  TE
page:delete              POST   deleted      in   403  403  403  403  404  403  404  403
page:delete              POST   unknown      in   403  403  403  403  404  403  404  403
page:preferences         GET    -            in   200  200  200  200  200  200  200  200
page:preferences         POST   -            in   302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+ PS
page:unsubscribe         GET    valid        200  200  200  200  200  200  200  200  200
page:unsubscribe         GET    forged       404  404  404  404  404  404  404  404  404
page:unsubscribe         POST   valid        200+ 200+ 200+ 200+ 200+ 200+ 200+ 200+ 200+ F
page:unsubscribe         POST   forged       404  404  404  404  404  404  404  404  404
page:inbox               GET    -            in   200  200  200  200  200  200  200  200
page:inbox_mark_all_read POST   -            in   302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+ N
page:inbox_mark_read     POST   n-new        in   302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+ N
page:inbox_mark_read     POST   n-reply      in   404  404  302+ 404  404  302+ 302+ 404  N
page:inbox_mark_read     POST   n-note       in   404  404  404  404  404  302+ 302+ 404  N
page:inbox_mark_read     POST   n-gone       in   404  404  404  404  404  404  404  404
page:inbox_mark_read     POST   n-their      in   404  404  404  404  404  404  404  404
page:inbox_mark_read     POST   unknown      in   404  404  404  404  404  404  404  404
form:create              GET    -            in   403  200  403  403  403  200  200  200
form:create              POST   -            in   403  302+ 403  403  403  302+ 302+ 302+ TE
form:update              GET    own          in   403  403  403  200  403  200  200  403
form:update              GET    others       in   403  403  403  200  403  200  200  403
form:update              GET    deleted      in   403  403  403  404  403  404  404  403
form:update              GET    unknown      in   403  403  403  404  403  404  404  403
form:update              POST   own          in   403  403  403  302+ 403  302+ 302+ 403  TE
form:update              POST   others       in   403  403  403  302+ 403  302+ 302+ 403  TE
form:update              POST   deleted      in   403  403  403  404  403  404  404  403
form:update              POST   unknown      in   403  403  403  404  403  404  404  403
form:status              GET    own          in   403  403  403  302  403  302  302  403
form:status              GET    deleted      in   403  403  403  404  403  404  404  403
form:status              POST   own          in   403  403  403  302+ 403  302+ 302+ 403  TE
form:status              POST   others       in   403  403  403  302+ 403  302+ 302+ 403  TE
form:status              POST   deleted      in   403  403  403  404  403  404  404  403
form:status              POST   unknown      in   403  403  403  404  403  404  404  403
form:assign              GET    own          in   403  403  403  200  403  200  200  403
form:assign              GET    deleted      in   403  403  403  404  403  404  404  403
form:assign              POST   own          in   403  403  403  302+ 403  302+ 302+ 403  TE
form:assign              POST   others       in   403  403  403  302+ 403  302+ 302+ 403  TE
form:assign              POST   deleted      in   403  403  403  404  403  404  404  403
form:assign              POST   unknown      in   403  403  403  404  403  404  404  403
form:comment             GET    own          in   403  403  302  403  403  302  302  302
form:comment             GET    others       in   403  403  302  403  403  302  302  403
form:comment             GET    deleted      in   403  403  404  403  403  404  404  404
form:comment             POST   own          in   403  403  302+ 403  403  302+ 302+ 302+ CEF
form:comment             POST   others       in   403  403  302+ 403  403  302+ 302+ 403  CEFT
form:comment             POST   deleted      in   403  403  404  403  403  404  404  404
form:comment             POST   unknown      in   403  403  404  403  403  404  404  404
form:follow              GET    own          in   403  403  302  403  403  302  302  302
form:follow              GET    deleted      in   403  403  404  403  403  404  404  404
form:follow              POST   own          in   403  403  302+ 403  403  302+ 302+ 302+ F
form:follow              POST   others       in   403  403  302+ 403  403  302+ 302+ 403  F
form:follow              POST   deleted      in   403  403  404  403  403  404  404  404
form:follow              POST   unknown      in   403  403  404  403  403  404  404  404
form:comment_edit        GET    own-reply    in   403  403  200  403  403  200  200  200
form:comment_edit        GET    old-reply    in   403  403  302  403  403  302  302  302
form:comment_edit        GET    far-reply    in   403  403  200  403  403  200  200  404
form:comment_edit        GET    gone-reply   in   403  403  404  403  403  404  404  404
form:comment_edit        GET    own-note     in   403  403  404  403  403  200  200  404
form:comment_edit        GET    their-reply  in   403  403  404  403  403  404  404  404
form:comment_edit        GET    their-note   in   403  403  404  403  403  404  404  404
form:comment_edit        GET    unknown      in   403  403  404  403  403  404  404  404
form:comment_edit        POST   own-reply    in   403  403  302+ 403  403  302+ 302+ 302+ CE
form:comment_edit        POST   old-reply    in   403  403  200  403  403  200  200  200
form:comment_edit        POST   far-reply    in   403  403  302+ 403  403  302+ 302+ 404  CE
form:comment_edit        POST   gone-reply   in   403  403  404  403  403  404  404  404
form:comment_edit        POST   own-note     in   403  403  404  403  403  302+ 302+ 404  CE
form:comment_edit        POST   their-reply  in   403  403  404  403  403  404  404  404
form:comment_edit        POST   their-note   in   403  403  404  403  403  404  404  404
form:comment_edit        POST   unknown      in   403  403  404  403  403  404  404  404
"""

DATA = {
    "form:assign": {"action": "assign_to_me"},
    "form:comment": {"text": "It is fixed."},
    "form:comment_edit": {"text": "It is fixed now."},
    "form:create": {"purpose": "app", "priority": "low", "description": "The door is stuck."},
    "form:follow": {"subscription": "mute"},
    "form:status": {"status": "prog"},
    "form:update": {
        "purpose": "comp", "priority": "low", "status": "prog", "description": "The door sticks.",
    },
    "page:delete": {"should_delete": "yes"},
    "page:preferences": {"frequency": "hour"},
}  # fmt: skip
"""What is posted to a page: valid data, so that only the role decides."""

PUBLIC = {"page:unsubscribe"}
"""Pages for which one need not be signed in; they need no CSRF token either."""

STAFF_ROLES = {
    "out": "signed out",
    "user": "no staff user",
    "none": "no permission",
    "add": "add",
    "view": "view",
    "chg": "view, change",
    "del": "view, delete",
    "all": "superuser",
}
"""Columns of the admin's table; from `none` on, the users are staff."""

ADMIN = """
route                          method out user none add  view chg  del  all  changes
helpdeskticket_changelist      GET    in  in   403  403  200  200  200  200
helpdeskticket_add             GET    in  in   403  200  403  403  403  200
helpdeskticket_add             POST   in  in   403  302+ 403  403  403  302+ TE
helpdeskticket_change          GET    in  in   403  403  200  200  200  200
helpdeskticket_change          POST   in  in   403  403  403  302+ 403  302+ TE
helpdeskticket_delete          GET    in  in   403  403  403  403  200  200
helpdeskticket_delete          POST   in  in   403  403  403  403  302+ 302+ TE
helpdeskticket_history         GET    in  in   403  403  200  200  200  200
unsubscribedaddress_changelist GET    in  in   403  403  200  200  200  200
unsubscribedaddress_add        GET    in  in   403  403  403  403  403  403
unsubscribedaddress_add        POST   in  in   403  403  403  403  403  403
unsubscribedaddress_change     GET    in  in   403  403  200  200  200  200
unsubscribedaddress_change     POST   in  in   403  403  403  403  403  403
unsubscribedaddress_delete     GET    in  in   403  403  403  403  403  200
unsubscribedaddress_delete     POST   in  in   403  403  403  403  403  302+ U
unsubscribedaddress_history    GET    in  in   403  403  200  200  200  200
ticketcomment_changelist       GET    in  in   403  403  200  200  200  200
ticketcomment_add              GET    in  in   403  403  403  403  403  403
ticketcomment_add              POST   in  in   403  403  403  403  403  403
ticketcomment_change           GET    in  in   403  403  200  200  200  200
ticketcomment_change           POST   in  in   403  403  403  403  403  403
ticketcomment_delete           GET    in  in   403  403  403  403  403  403
ticketcomment_delete           POST   in  in   403  403  403  403  403  403
ticketcomment_history          GET    in  in   403  403  200  200  200  200
ticketevent_changelist         GET    in  in   403  403  200  200  200  200
ticketevent_add                GET    in  in   403  403  403  403  403  403
ticketevent_add                POST   in  in   403  403  403  403  403  403
ticketevent_change             GET    in  in   403  403  200  200  200  200
ticketevent_change             POST   in  in   403  403  403  403  403  403
ticketevent_delete             GET    in  in   403  403  403  403  403  403
ticketevent_delete             POST   in  in   403  403  403  403  403  403
ticketevent_history            GET    in  in   403  403  200  200  200  200
notification_changelist        GET    in  in   403  403  200  200  200  200
notification_add               GET    in  in   403  403  403  403  403  403
notification_add               POST   in  in   403  403  403  403  403  403
notification_change            GET    in  in   403  403  200  200  200  200
notification_change            POST   in  in   403  403  403  403  403  403
notification_delete            GET    in  in   403  403  403  403  403  403
notification_delete            POST   in  in   403  403  403  403  403  403
notification_history           GET    in  in   403  403  200  200  200  200
"""
"""As `PAGES`, without a column for the object. Permissions to view the other models come with
`view`, `chg` and `del`."""

FIELDS = """
form               role    fields
form:create        add     purpose priority description
form:update        chg     purpose priority description status
form:status        chg     status
form:assign        chg     assigned_to
form:comment       view    text
form:comment       agnt    text is_internal status
form:comment_edit  view    text
form:comment_edit  agnt    text
form:follow        view    -
page:delete        del     is_deleted
admin:add          add     purpose priority description status assigned_to
admin:change       chg     purpose priority description status assigned_to
"""
"""The fields of tickets and comments that a form sets, whatever else is posted with it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table.

    Attributes:
        route: The name of the page's URL.
        method: `GET`, `POST`, or `ANY`.
        object: A key of `OBJECTS`.
        cells: Column to response.
        changes: The letters of the models that a successful request changes.
    """

    route: str
    method: str
    object: str
    cells: dict[str, str]
    changes: frozenset[str]


def rows_of(table: str) -> list[Row]:
    header, *lines = (line.split() for line in table.strip().splitlines())
    if "object" not in header:
        header.insert(2, "object")
        lines = [[*line[:2], "-", *line[2:]] for line in lines]
    columns = header[3:-1]
    rows = []
    for route, method, name, *cells in lines:
        changes = cells.pop() if len(cells) > len(columns) else ""
        by_column = dict(zip(columns, cells, strict=True))
        rows.append(
            Row(
                route=route,
                method=method,
                object=name,
                cells=by_column,
                changes=frozenset(changes),
            )
        )
    return rows


def fields_of() -> list[tuple[str, str, frozenset[str]]]:
    """Return form, role and fields of each line of `FIELDS`."""
    _header, *lines = FIELDS.strip().splitlines()
    found = []
    for line in lines:
        form, role, *names = line.split()
        found.append((form, role, frozenset(names) - {"-"}))
    return found


IN_WORDS = {"in": "login", "200": "yes", "302": "yes"}


def _cell(cell: str) -> str:
    status = cell.rstrip("+")
    return IN_WORDS.get(status, status)


def _pages() -> list[list[str]]:
    return [
        [f"`{row.route}`", row.method, OBJECTS[row.object], *map(_cell, row.cells.values())]
        for row in rows_of(PAGES)
    ]


def _admin() -> list[list[str]]:
    return [
        [f"`{row.route}`", row.method, *map(_cell, row.cells.values())] for row in rows_of(ADMIN)
    ]


def _fields() -> list[list[str]]:
    return [
        [f"`{form}`", ROLES[role], ", ".join(f"`{name}`" for name in sorted(names)) or "none"]
        for form, role, names in fields_of()
    ]


DOCUMENTED = {
    "pages": (["page", "method", "object", *ROLES.values()], _pages),
    "fields": (["form", "role", "fields that it sets"], _fields),
    "admin": (["admin page", "method", *STAFF_ROLES.values()], _admin),
}
"""Name to header and rows of the tables of the documentation."""


def markdown(name: str) -> Iterator[str]:
    """Yield the lines of a table of the documentation."""
    header, rows = DOCUMENTED[name]
    for cells in (header, ["---"] * len(header), *rows()):
        yield f"| {' | '.join(cells)} |"
