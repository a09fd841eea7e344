"""Minimal pages with the same content: what `pages.py` compares the package's pages with.

Each view runs behind the same middleware, context processors and login as the page, checks the
same permissions on a user that was just loaded, and counts the unread notifications. It loads
its rows by one hand-written statement and renders one flat template: no inheritance, includes,
form objects, translations or reversed URLs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.shortcuts import render
from django.urls import path

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ACTIONS = ("add", "change", "delete", "view")
PAGE_SIZE = 25
LABELS = {
    "status": {"read": "Ready", "prog": "In Progress", "done": "Done"},
    "priority": {"low": "Low", "med": "Medium", "high": "High", "urge": "Urgent"},
    "purpose": {"app": "App", "comp": "Company"},
}

UNREAD = """
SELECT COUNT(*), SUM(CASE WHEN e.ticket_id = %(ticket)s THEN 1 ELSE 0 END)
FROM django_spire_help_desk_notification n
JOIN django_spire_help_desk_ticket_event e ON e.id = n.event_id
JOIN django_spire_help_desk_ticket t ON t.id = e.ticket_id
WHERE n.recipient_id = %(user)s AND n.channel = 'in_app' AND n.read_datetime IS NULL
    AND t.is_deleted = %(no)s
"""

LIST = """
SELECT t.id, SUBSTR(t.description, 1, 59) AS summary, t.status, t.priority, t.purpose,
    t.assigned_to_id, t.created_datetime,
    c.first_name AS creator_first_name, c.last_name AS creator_last_name,
    a.first_name AS assignee_first_name, a.last_name AS assignee_last_name,
    (
        SELECT MAX(e.id) FROM django_spire_help_desk_ticket_event e WHERE e.ticket_id = t.id
    ) AS version,
    (
        SELECT COUNT(*) FROM django_spire_help_desk_ticket
        WHERE is_active = %(yes)s AND is_deleted = %(no)s
    ) AS total
FROM django_spire_help_desk_ticket t
JOIN auth_user c ON c.id = t.created_by_id
LEFT JOIN auth_user a ON a.id = t.assigned_to_id
WHERE t.is_active = %(yes)s AND t.is_deleted = %(no)s
ORDER BY t.created_datetime DESC, t.id DESC
LIMIT 25
"""

DETAIL = """
SELECT t.id, t.description, t.status, t.priority, t.purpose, t.created_datetime,
    t.assigned_to_id, t.created_by_id,
    c.first_name AS creator_first_name, c.last_name AS creator_last_name,
    o.first_name AS assignee_first_name, o.last_name AS assignee_last_name,
    e.id AS version, e.type, e.changes, e.created_datetime AS event_datetime,
    a.first_name AS actor_first_name, a.last_name AS actor_last_name,
    (
        SELECT f.is_muted FROM django_spire_help_desk_ticket_follower f
        WHERE f.ticket_id = t.id AND f.user_id = %(user)s
    ) AS is_muted
FROM django_spire_help_desk_ticket t
JOIN auth_user c ON c.id = t.created_by_id
LEFT JOIN auth_user o ON o.id = t.assigned_to_id
JOIN django_spire_help_desk_ticket_event e ON e.ticket_id = t.id
LEFT JOIN auth_user a ON a.id = e.actor_id
WHERE t.id = %(ticket)s AND t.is_deleted = %(no)s
ORDER BY e.id
"""

ASSIGNABLE = """
SELECT u.id, u.username, u.first_name, u.last_name FROM auth_user u
WHERE u.is_active = %(yes)s AND (
    u.is_superuser = %(yes)s
    OR u.id IN (
        SELECT up.user_id FROM auth_user_user_permissions up
        JOIN auth_permission p ON p.id = up.permission_id
        WHERE p.codename = 'change_helpdeskticket'
    )
    OR u.id IN (
        SELECT ug.user_id FROM auth_user_groups ug
        JOIN auth_group_permissions gp ON gp.group_id = ug.group_id
        JOIN auth_permission p ON p.id = gp.permission_id
        WHERE p.codename = 'change_helpdeskticket'
    )
)
ORDER BY u.first_name, u.last_name
"""


def _fetch(statement: str, **values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "yes": True, "no": False})
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _may(request: HttpRequest, action: str) -> dict[str, bool]:
    """Return what the user may do; the action must be among it."""
    user = request.user
    may = {name: user.has_perm(f"django_spire_help_desk.{name}_helpdeskticket") for name in ACTIONS}
    if not may[action]:
        raise PermissionDenied
    return may


def _unread(request: HttpRequest, ticket: int = 0) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, {"user": request.user.pk, "no": False, "ticket": ticket})
        count, of_ticket = cursor.fetchone()
    return count, of_ticket or 0


def _label(row: dict[str, Any]) -> None:
    for name, labels in LABELS.items():
        row[f"{name}_label"] = labels[row[name]]


@login_required
def list_view(request: HttpRequest) -> HttpResponse:
    may = _may(request, "view")
    rows = _fetch(LIST)
    for row in rows:
        _label(row)
    total = rows[0]["total"]
    context = {
        "may": may,
        "rows": rows,
        "labels": LABELS,
        "filters": request.GET,
        "total": total,
        "last": -(-total // PAGE_SIZE),
        "unread": _unread(request)[0],
    }
    return render(request, "floor/list.html", context)


@login_required
def detail_view(request: HttpRequest, pk: int) -> HttpResponse:
    may = _may(request, "view")
    rows = _fetch(DETAIL, ticket=pk, user=request.user.pk)
    if not rows:
        raise Http404
    unread, unread_of_ticket = _unread(request, pk)
    assert not unread_of_ticket, "the page would mark them as read"
    ticket = rows[-1]
    _label(ticket)
    for row in rows:
        changes = json.loads(row["changes"]) if isinstance(row["changes"], str) else row["changes"]
        row["changes"] = [
            (name, LABELS[name].get(old, ""), LABELS[name][new])
            for name, (old, new) in changes.items()
            if name in LABELS
        ]
    user_id = request.user.pk
    context = {
        "may": may,
        "ticket": ticket,
        "rows": rows,
        "labels": LABELS,
        "assignable": _fetch(ASSIGNABLE),
        "follows": user_id in (ticket["created_by_id"], ticket["assigned_to_id"])
        if ticket["is_muted"] is None
        else not ticket["is_muted"],
        "unread": unread,
    }
    return render(request, "floor/detail.html", context)


@login_required
def create_view(request: HttpRequest) -> HttpResponse:
    context = {"may": _may(request, "add"), "unread": _unread(request)[0]}
    return render(request, "floor/create.html", context)


urlpatterns = [
    path("list/", list_view, name="floor_list"),
    path("<int:pk>/detail/", detail_view, name="floor_detail"),
    path("create/", create_view, name="floor_create"),
]
