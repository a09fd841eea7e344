"""The operator's pages, as a superuser sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from help_desk.admin import HelpDeskTicketAdmin
from help_desk.models import HelpDeskTicket, Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

pytestmark = pytest.mark.django_db

MODELS = ("helpdeskticket", "ticketevent", "notification", "ticketcomment")


def changelist(model: str) -> str:
    return reverse(f"admin:django_spire_help_desk_{model}_changelist")


def change(model: str, pk: int) -> str:
    return reverse(f"admin:django_spire_help_desk_{model}_change", args=[pk])


@pytest.fixture
def operator(make_user: Callable[..., Any]) -> Any:
    return make_user(name="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(client_of: Callable[[Any], Client], operator: Any) -> Client:
    return client_of(operator)


def test_ticket_admin_is_laid_out_as_promised() -> None:
    user_model = get_user_model()
    assert HelpDeskTicketAdmin.list_display == (
        "pk",
        "purpose",
        "priority",
        "status",
        "created_by",
        "created_datetime",
    )
    assert HelpDeskTicketAdmin.list_filter == (
        "priority",
        "purpose",
        "status",
        "is_active",
        "is_deleted",
    )
    assert tuple(HelpDeskTicketAdmin.ordering) == ("-created_datetime",)
    assert HelpDeskTicketAdmin.raw_id_fields == ("created_by",)
    assert HelpDeskTicketAdmin.readonly_fields == (
        "created_by",
        "created_datetime",
        "is_active",
        "is_deleted",
    )
    assert HelpDeskTicketAdmin.search_fields[0] == "description"
    assert f"created_by__{user_model.USERNAME_FIELD}" in HelpDeskTicketAdmin.search_fields


@pytest.mark.parametrize("model", MODELS)
def test_list_pages_take_as_many_queries_for_many_rows_as_for_few(
    browser: Client,
    file_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    operator: Any,
    capture_queries: Callable[[], Any],
    model: str,
) -> None:
    file_ticket(created_by=reporter).services.comment(reporter, "Hello")
    browser.get(changelist(model))
    counts = []
    for more in (0, 10):
        for _ in range(more):
            file_ticket(created_by=reporter).services.comment(reporter, "Hello")
        with capture_queries() as queries:
            assert browser.get(changelist(model)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", MODELS)
def test_search_finds_by_number_name_or_text(
    browser: Client, file_ticket: Callable[..., HelpDeskTicket], reporter: Any, model: str
) -> None:
    ticket = file_ticket(created_by=reporter, description="The lift sings.")
    ticket.services.comment(reporter, "Hello")
    sought = "lift" if model == "helpdeskticket" else str(ticket.pk)
    response = browser.get(changelist(model), {"q": sought})
    assert response.status_code == 200
    assert response.context["cl"].result_count >= 1


def test_ticket_is_filed_through_the_service(browser: Client, operator: Any) -> None:
    url = reverse("admin:django_spire_help_desk_helpdeskticket_add")
    data = {"purpose": "app", "priority": "high", "status": "read", "description": "Broken"}
    assert browser.post(url, data).status_code == 302
    ticket = HelpDeskTicket.objects.get()
    assert ticket.created_by == operator
    assert Notification.objects.filter(event__ticket=ticket, recipient=operator).exists()


def test_change_is_recorded_with_its_actor(
    browser: Client, operator: Any, ticket: HelpDeskTicket
) -> None:
    data = {
        "purpose": ticket.purpose,
        "priority": ticket.priority,
        "status": "done",
        "description": ticket.description,
    }
    browser.post(change("helpdeskticket", ticket.pk), data)
    event = ticket.events.get(type="update")
    assert (event.actor, event.changes) == (operator, {"status": ["read", "done"]})


def test_deleting_keeps_rows_and_history_and_can_be_taken_back(
    browser: Client, ticket: HelpDeskTicket
) -> None:
    url = reverse("admin:django_spire_help_desk_helpdeskticket_delete", args=[ticket.pk])
    assert browser.get(url).status_code == 200
    browser.post(url, {"post": "yes"})
    ticket.refresh_from_db()
    assert ticket.is_deleted
    selected = {"action": "restore_selected", "_selected_action": [ticket.pk]}
    browser.post(changelist("helpdeskticket"), selected)
    ticket.refresh_from_db()
    assert not ticket.is_deleted


def test_selected_tickets_are_deleted_as_on_the_pages(
    browser: Client, ticket: HelpDeskTicket
) -> None:
    selected = {"action": "delete_selected", "_selected_action": [ticket.pk], "post": "yes"}
    browser.post(changelist("helpdeskticket"), selected)
    ticket.refresh_from_db()
    assert ticket.is_deleted


@pytest.mark.parametrize("model", [TicketEvent, Notification])
def test_history_and_notifications_can_be_read_only(
    browser: Client,
    file_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    operator: Any,
    model: type[TicketEvent | Notification],
) -> None:
    file_ticket(created_by=reporter)
    row = model.objects.order_by("pk").first()
    assert row is not None
    page = change(model._meta.model_name, row.pk)
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"type": "comment"}).status_code == 403
    site = admin.site._registry[model]
    assert site.list_display_links != []


def test_pages_link_to_and_fro(
    browser: Client, file_ticket: Callable[..., HelpDeskTicket], reporter: Any, operator: Any
) -> None:
    ticket = file_ticket(created_by=reporter)
    event = ticket.events.get()
    to_events = f"{changelist('ticketevent')}?ticket__id__exact={ticket.pk}"
    to_notifications = f"{changelist('notification')}?event__id__exact={event.pk}"
    assert to_events in browser.get(change("helpdeskticket", ticket.pk)).text
    assert change("helpdeskticket", ticket.pk) in browser.get(to_events).text
    assert to_notifications in browser.get(change("ticketevent", event.pk)).text
    assert change("ticketevent", event.pk) in browser.get(to_notifications).text


def send_again(browser: Client, *rows: Notification) -> Any:
    data = {"action": "send_again", "_selected_action": [row.pk for row in rows]}
    return browser.post(changelist("notification"), data, follow=True)


def test_what_failed_is_sent_again(
    browser: Client, file_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> None:
    file_ticket(created_by=reporter)
    failed, other = Notification.objects.filter(channel="email").order_by("pk")[:2]
    now = timezone.now()
    long_ago = {"status": "fail", "due_datetime": None, "error": "No such person", "attempts": 9}
    Notification.objects.filter(pk=failed.pk).write(**long_ago)
    Notification.objects.filter(pk=other.pk).write(status="sent", due_datetime=None)
    assert "No such person" in browser.get(changelist("notification")).text
    response = send_again(browser, failed, other)
    assert "1 notification will be sent again." in response.text
    failed.refresh_from_db()
    other.refresh_from_db()
    assert (failed.status, failed.error, failed.attempts) == ("wait", "", 0)
    assert failed.due_datetime is not None
    assert failed.due_datetime >= now
    assert (other.status, other.due_datetime) == ("sent", None)


def test_what_is_sent_again_leaves_after_the_commit(
    browser: Client,
    file_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    database_alias: str,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    file_ticket(created_by=reporter)
    rows = Notification.objects.filter(channel="email")
    rows.write(status="fail", due_datetime=None)
    with django_capture_on_commit_callbacks(using=database_alias, execute=True):
        send_again(browser, *rows)
    assert set(rows.values_list("status", flat=True)) == {"sent"}


def test_only_who_may_change_tickets_may_have_something_sent_again(
    client_of: Callable[[Any], Client],
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    file_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
) -> None:
    file_ticket(created_by=reporter)
    row = Notification.objects.filter(channel="email").order_by("pk")[0]
    Notification.objects.filter(pk=row.pk).write(status="fail", due_datetime=None)
    reader = make_user(name="reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_notification"))
    assert "send_again" not in client_of(reader).get(changelist("notification")).text
    send_again(client_of(reader), row)
    row.refresh_from_db()
    assert row.status == "fail"
    changer = grant(reader, "change")
    assert "send_again" in client_of(changer).get(changelist("notification")).text
    send_again(client_of(changer), row)
    row.refresh_from_db()
    assert row.status == "wait"


@pytest.fixture
def clerk(make_user: Callable[..., Any]) -> Any:
    """Staff who see everything in the admin but may not change tickets."""
    user = make_user(name="clerk", is_staff=True)
    views = Permission.objects.filter(
        content_type__app_label="django_spire_help_desk", codename__startswith="view_"
    )
    user.user_permissions.set(views)
    return user


@pytest.mark.parametrize("model", ["ticketcomment", "ticketevent", "notification"])
def test_notes_are_hidden_from_staff_who_may_not_read_them(
    client_of: Callable[[Any], Client],
    clerk: Any,
    operator: Any,
    agent: Any,
    manager: Any,
    ticket: HelpDeskTicket,
    model: str,
) -> None:
    ticket.services.follow(manager)
    note = ticket.services.comment(agent, "Psst, the cable", internal=True)
    ticket.services.edit_comment(note, agent, "Psst, the cables")
    ticket.services.comment(agent, "Hello there")
    rows = {
        "ticketcomment": note.pk,
        "ticketevent": note.events.first().pk,
        "notification": Notification.objects.filter(event__comment=note).first().pk,
    }
    listed, row = changelist(model), change(model, rows[model])
    insider, outsider = client_of(operator), client_of(clerk)
    counts = [browser.get(listed).context["cl"].result_count for browser in (insider, outsider)]
    assert counts[1] < counts[0]
    assert "Psst" not in outsider.get(listed).text
    assert insider.get(row).status_code == 200
    # Django leads away from rows that are not there.
    assert outsider.get(row).status_code == 302
    if model == "ticketcomment":
        assert insider.get(listed, {"q": "Psst"}).context["cl"].result_count == 1
        assert outsider.get(listed, {"q": "Psst"}).context["cl"].result_count == 0


def test_comments_are_found_and_read_only(
    browser: Client, ticket: HelpDeskTicket, agent: Any
) -> None:
    comment = ticket.services.comment(agent, "Hello <b>there</b>")
    page = browser.get(changelist("ticketcomment"), {"q": "there"})
    assert page.context["cl"].result_count == 1
    assert "Hello &lt;b&gt;there" in page.text
    assert change("helpdeskticket", ticket.pk) in page.text
    row = change("ticketcomment", comment.pk)
    assert browser.get(row).status_code == 200
    assert browser.post(row, {"text": "Other"}).status_code == 403


def test_tickets_are_given_to_people_who_may_work_on_them(
    browser: Client, operator: Any, agent: Any, reporter: Any, ticket: HelpDeskTicket
) -> None:
    data = {
        "purpose": ticket.purpose,
        "priority": ticket.priority,
        "status": ticket.status,
        "description": ticket.description,
    }
    url = change("helpdeskticket", ticket.pk)
    offered = browser.get(url).context["adminform"].form.fields["assigned_to"].queryset
    assert set(offered) == {operator, agent}
    assert browser.post(url, {**data, "assigned_to": reporter.pk}).status_code == 200
    assert browser.post(url, {**data, "assigned_to": agent.pk}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.assigned_to == agent


def test_saving_something_else_releases_nobody(
    browser: Client, agent: Any, ticket: HelpDeskTicket
) -> None:
    ticket.services.assign(agent, agent)
    agent.user_permissions.clear()
    url = change("helpdeskticket", ticket.pk)
    form = browser.get(url).context["adminform"].form
    assert agent in form.fields["assigned_to"].queryset
    data = {name: form[name].value() for name in form.fields} | {"status": "done"}
    assert browser.post(url, data).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assigned_to) == ("done", agent)


def test_deleted_ticket_is_shown_and_not_changed(
    client_of: Callable[[Any], Client], operator: Any, ticket: HelpDeskTicket
) -> None:
    ticket.services.delete(operator)
    url = reverse("admin:django_spire_help_desk_helpdeskticket_change", args=[ticket.pk])
    assert client_of(operator).get(url).status_code == 200
    assert client_of(operator).post(url, {"priority": "low"}).status_code == 403


@pytest.mark.hosts("default")
def test_account_that_was_told_something_can_be_deleted(
    client_of: Callable[[Any], Client],
    operator: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    ticket: HelpDeskTicket,
) -> None:
    former = grant(make_user(name="former"), "change", "view")
    ticket.services.assign(former, actor=operator)
    row = Notification.objects.get(recipient=former, channel="in_app")
    own = reverse("admin:django_spire_help_desk_notification_delete", args=[row.pk])
    assert client_of(operator).post(own, {"post": "yes"}).status_code == 403
    url = reverse("admin:auth_user_delete", args=[former.pk])
    assert client_of(operator).post(url, {"post": "yes"}).status_code == 302
    assert not Notification.objects.filter(pk=row.pk).exists()
