"""Minimal views with the same content as the pages: the baseline of `pages.py`.

Each view has the same middleware, context processors and authentication as the page. It fetches
the same rows with one hand-written statement, and renders them with one template without
inheritance, includes, translations or reversed URLs. `fillers` contains literal text that makes
each response as large as the page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.shortcuts import render
from django.urls import path

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

fillers: dict[str, str] = {}

UNREAD = """(
    SELECT COUNT(*)
    FROM django_spire_help_desk_notification n
    JOIN django_spire_help_desk_ticket_event ne ON ne.id = n.event_id
    JOIN django_spire_help_desk_ticket nt ON nt.id = ne.ticket_id
    WHERE n.recipient_id = %(user)s AND n.channel = 'in_app' AND n.read_datetime IS NULL
        AND nt.is_deleted = %(no)s
) AS unread"""

LIST = f"""
SELECT t.id, SUBSTR(t.description, 1, 60) AS summary, t.status, t.priority, t.purpose,
    u.first_name, u.last_name, t.created_datetime,
    (
        SELECT COUNT(*) FROM django_spire_help_desk_ticket
        WHERE is_active = %(yes)s AND is_deleted = %(no)s
    ) AS total,
    {UNREAD}
FROM django_spire_help_desk_ticket t
JOIN auth_user u ON u.id = t.created_by_id
WHERE t.is_active = %(yes)s AND t.is_deleted = %(no)s
ORDER BY t.created_datetime DESC, t.id DESC
LIMIT 25
"""  # noqa: S608 -- built from constants

DETAIL = f"""
SELECT t.id, t.description, t.status, t.priority, t.purpose, t.created_datetime,
    u.first_name, u.last_name,
    e.type, e.changes, e.created_datetime AS event_datetime,
    a.first_name AS actor_first_name, a.last_name AS actor_last_name,
    {UNREAD}
FROM django_spire_help_desk_ticket t
JOIN auth_user u ON u.id = t.created_by_id
JOIN django_spire_help_desk_ticket_event e ON e.ticket_id = t.id
LEFT JOIN auth_user a ON a.id = e.actor_id
WHERE t.id = %(ticket)s AND t.is_deleted = %(no)s
ORDER BY e.id
"""  # noqa: S608 -- built from constants

CREATE = f"SELECT {UNREAD}"


def _fetch(request: HttpRequest, statement: str, **values: Any) -> list[dict[str, Any]]:
    values |= {"user": request.user.pk, "yes": True, "no": False}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _render(request: HttpRequest, page: str, rows: list[dict[str, Any]]) -> HttpResponse:
    context = {"rows": rows, "first": rows[0], "filler": fillers.get(page, "")}
    return render(request, f"baseline/{page}.html", context)


@login_required
def list_view(request: HttpRequest) -> HttpResponse:
    return _render(request, "list", _fetch(request, LIST))


@login_required
def detail_view(request: HttpRequest, pk: int) -> HttpResponse:
    rows = _fetch(request, DETAIL, ticket=pk)
    for row in rows:
        row["changes"] = json.loads(row["changes"])
    return _render(request, "detail", rows)


@login_required
def create_view(request: HttpRequest) -> HttpResponse:
    return _render(request, "create", _fetch(request, CREATE))


urlpatterns = [
    path("list/", list_view, name="baseline_list"),
    path("<int:pk>/detail/", detail_view, name="baseline_detail"),
    path("create/", create_view, name="baseline_create"),
]
