"""Forms set the fields that `authorization.FIELDS` lists, whatever else is posted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from help_desk.models import HelpDeskTicket, TicketComment, TicketEvent
from tests.security.authorization import DATA, fields_of
from tests.security.world import PERMISSIONS, changed_models, grant, objects_for, snapshot
from tests.support.factories import UserFactory

pytestmark = pytest.mark.django_db

DERIVED = frozenset({"done_datetime", "first_response_datetime", "edited_datetime"})
"""Fields that follow from the others; that their values are not those posted is tested, too."""
OBJECT_OF = {"form:comment_edit": "own-reply", "form:create": "-", "admin:add": "-"}
POSTED_DATE = "2001-02-03 04:05:06"
POSTED_ID = 2**40  # no sequence of a test database gets there


def everything(user: Any, other: Any) -> dict[str, Any]:
    """Return values for all fields of tickets and comments, and for some that do not exist."""
    dates = (
        "created_datetime", "done_datetime", "first_response_datetime", "edited_datetime",
    )  # fmt: skip
    return {
        # What forms set.
        "purpose": "comp",
        "priority": "urge",
        "status": "done",
        "description": "Everything that can be posted.",
        "text": "Everything that can be posted.",
        "action": "assign_to_me",
        "assigned_to": str(user.pk),
        "visibility": "internal",
        "subscription": "follow",
        "should_delete": "yes",
        # What no form sets.
        "id": str(POSTED_ID),
        "pk": str(POSTED_ID),
        "created_by": str(other.pk),
        "created_by_id": str(other.pk),
        "author": str(other.pk),
        "author_id": str(other.pk),
        "actor": str(other.pk),
        "ticket": str(POSTED_ID),
        "ticket_id": str(POSTED_ID),
        "assigned_to_id": str(other.pk),
        "is_active": "",
        "is_internal": "on",
        "is_deleted": "on",
        "is_muted": "on",
        "is_superuser": "on",
        "changes": '{"status": [null, "done"]}',
        **dict.fromkeys(dates, POSTED_DATE),
        **{f"{name}_0": POSTED_DATE[:10] for name in dates},
        **{f"{name}_1": POSTED_DATE[11:] for name in dates},
    }


def values(row: Any) -> dict[str, Any]:
    fresh = type(row)._base_manager.get(pk=row.pk)
    return {field.name: getattr(fresh, field.attname) for field in fresh._meta.concrete_fields}


def differences(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name, value in after.items() if value != before[name]}


def url_for(form: str, arguments: dict[str, Any]) -> str:
    if form == "admin:add":
        return reverse("admin:django_spire_help_desk_helpdeskticket_add")
    if form == "admin:change":
        return reverse("admin:django_spire_help_desk_helpdeskticket_change", args=[arguments["pk"]])
    return reverse(f"django_spire:help_desk:{form}", kwargs=arguments)


@pytest.mark.parametrize(
    ("form", "role", "names"), fields_of(), ids=[f"{form}-{role}" for form, role, _ in fields_of()]
)
def test_form_sets_only_its_fields(form: str, role: str, names: frozenset[str]) -> None:
    user, arguments, data = _scene(form, role)
    client = Client()
    client.force_login(user)
    object_name = OBJECT_OF.get(form, "others" if form != "form:comment" else "own")
    target = arguments[object_name]
    old_tickets = {row.pk: values(row) for row in HelpDeskTicket.objects.all()}
    old_comments = {row.pk: values(row) for row in TicketComment.objects.all()}
    last_event = TicketEvent.objects.latest("pk").pk

    response = client.post(url_for(form, target), data)

    assert response.status_code == 302
    changed: set[str] = set()
    for rows, old in ((HelpDeskTicket, old_tickets), (TicketComment, old_comments)):
        for row in rows.objects.all():
            after = values(row)
            dates = [value for value in after.values() if isinstance(value, datetime)]
            assert int(POSTED_DATE[:4]) not in {date.year for date in dates}
            if row.pk in old:
                changed |= differences(old[row.pk], after)
            else:
                assert row.pk != POSTED_ID
                changed |= _set_on_new(row, user, data)
    assert changed - DERIVED == names
    # The history names the user who did it.
    events = TicketEvent.objects.filter(pk__gt=last_event)
    assert {event.actor_id for event in events} <= {user.pk}


def _scene(form: str, role: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Return a user, the objects of requests, and everything that can be posted."""
    user = UserFactory(name="user", is_staff=form.startswith("admin:"))
    user = grant(user, *PERMISSIONS[role])
    other = grant(UserFactory(name="other"), "change")
    arguments = objects_for(user)
    # The admin offers users who can change tickets.
    data = everything(other if form.startswith("admin:") else user, other)
    if (form, role) == ("form:comment", "view"):
        # The form rejects these two as a whole, see the test below.
        del data["visibility"], data["status"]
    if form == "form:comment_edit":
        data["text"] = "Edited."
    return user, arguments, data


def _set_on_new(row: Any, user: Any, data: dict[str, Any]) -> set[str]:
    """Check what no form sets on a new row; return which fields have the posted values."""
    is_ticket = isinstance(row, HelpDeskTicket)
    assert (row.created_by_id if is_ticket else row.author_id) == user.pk
    assert abs(timezone.now() - row.created_datetime).total_seconds() < 3600
    if not is_ticket:
        return {"text"} | ({"is_internal"} if row.is_internal else set())
    assert (row.is_active, row.is_deleted) == (True, False)
    found = {name for name in ("purpose", "priority", "status", "description")
             if getattr(row, name) == data[name]}  # fmt: skip
    return found | ({"assigned_to"} if row.assigned_to_id is not None else set())


@pytest.mark.parametrize("extra", [{"visibility": "internal"}, {"status": "done"}], ids=str)
def test_reply_that_asks_for_more_than_the_user_may_do_is_rejected(extra: dict[str, str]) -> None:
    user = grant(UserFactory(name="user"), "view")
    arguments = objects_for(user)
    client = Client()
    client.force_login(user)
    before = snapshot()
    data = {**DATA["form:comment"], **extra}
    response = client.post(url_for("form:comment", arguments["own"]), data)
    assert response.status_code == 200
    assert "You can no longer add internal notes" in response.content.decode()
    assert changed_models(before) == set()
