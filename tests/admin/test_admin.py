"""The admin pages."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from help_desk.admin import HelpDeskTicketAdmin
from help_desk.models import HelpDeskTicket, Notification, TicketEvent
from help_desk.services.service import HelpDeskTicketService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def test_ticket_admin_has_the_documented_options() -> None:
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
def test_list_pages_use_a_constant_number_of_queries(
    browser: Client,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    operator: Any,
    capture_queries: Callable[[], Any],
    model: str,
) -> None:
    create_ticket(created_by=reporter).services.comment(reporter, "Hello")
    browser.get(changelist(model))
    counts = []
    for more in (0, 10):
        for _ in range(more):
            create_ticket(created_by=reporter).services.comment(reporter, "Hello")
        with capture_queries() as queries:
            assert browser.get(changelist(model)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", MODELS)
def test_search_finds_rows(
    browser: Client, create_ticket: Callable[..., HelpDeskTicket], reporter: Any, model: str
) -> None:
    ticket = create_ticket(created_by=reporter, description="The lift sings.")
    ticket.services.comment(reporter, "Hello")
    query = "lift" if model == "helpdeskticket" else str(ticket.pk)
    response = browser.get(changelist(model), {"q": query})
    assert response.status_code == 200
    assert response.context["cl"].result_count >= 1


def test_ticket_is_created_through_the_service(browser: Client, operator: Any) -> None:
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


def test_deleted_ticket_is_kept_and_can_be_restored(
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


def test_delete_action_is_soft(browser: Client, ticket: HelpDeskTicket) -> None:
    selected = {"action": "delete_selected", "_selected_action": [ticket.pk], "post": "yes"}
    browser.post(changelist("helpdeskticket"), selected)
    ticket.refresh_from_db()
    assert ticket.is_deleted


@pytest.mark.parametrize("model", [TicketEvent, Notification])
def test_history_and_notifications_are_read_only(
    browser: Client,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    operator: Any,
    model: type[TicketEvent | Notification],
) -> None:
    create_ticket(created_by=reporter)
    row = model.objects.order_by("pk").first()
    assert row is not None
    page = change(model._meta.model_name, row.pk)
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"type": "comment"}).status_code == 403
    site = admin.site._registry[model]
    assert site.list_display_links != []


def test_tickets_events_and_notifications_link_to_each_other(
    browser: Client, create_ticket: Callable[..., HelpDeskTicket], reporter: Any, operator: Any
) -> None:
    ticket = create_ticket(created_by=reporter)
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


def test_failed_notification_can_be_sent_again(
    browser: Client, create_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> None:
    create_ticket(created_by=reporter)
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


def test_notifications_sent_again_are_sent_after_the_commit(
    browser: Client,
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
    database_alias: str,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    create_ticket(created_by=reporter)
    rows = Notification.objects.filter(channel="email")
    rows.write(status="fail", due_datetime=None)
    with django_capture_on_commit_callbacks(using=database_alias, execute=True):
        send_again(browser, *rows)
    assert set(rows.values_list("status", flat=True)) == {"sent"}


def test_sending_again_requires_the_change_permission(
    client_of: Callable[[Any], Client],
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    create_ticket: Callable[..., HelpDeskTicket],
    reporter: Any,
) -> None:
    create_ticket(created_by=reporter)
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
    """Return a staff user with every view permission, but not the change permission."""
    user = make_user(name="clerk", is_staff=True)
    views = Permission.objects.filter(
        content_type__app_label="django_spire_help_desk", codename__startswith="view_"
    )
    user.user_permissions.set(views)
    return user


@pytest.mark.parametrize("model", ["ticketcomment", "ticketevent", "notification"])
def test_internal_notes_are_hidden_from_staff_without_the_change_permission(
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
    ticket.services.edit_comment(note, "Psst, the cables", actor=agent)
    ticket.services.comment(agent, "Hello there")
    rows = {
        "ticketcomment": note.pk,
        "ticketevent": note.events.first().pk,
        "notification": Notification.objects.filter(event__comment=note).first().pk,
    }
    listed, row = changelist(model), change(model, rows[model])
    full, limited = client_of(operator), client_of(clerk)
    counts = [client.get(listed).context["cl"].result_count for client in (full, limited)]
    assert counts[1] < counts[0]
    assert "Psst" not in limited.get(listed).text
    assert full.get(row).status_code == 200
    # Django redirects if a row does not exist.
    assert limited.get(row).status_code == 302
    if model == "ticketcomment":
        assert full.get(listed, {"q": "Psst"}).context["cl"].result_count == 1
        assert limited.get(listed, {"q": "Psst"}).context["cl"].result_count == 0


def test_comments_are_searchable_and_read_only(
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


def test_assignee_must_have_the_change_permission(
    browser: Client, operator: Any, agent: Any, reporter: Any, ticket: HelpDeskTicket
) -> None:
    data = {
        "purpose": ticket.purpose,
        "priority": ticket.priority,
        "status": ticket.status,
        "description": ticket.description,
    }
    url = change("helpdeskticket", ticket.pk)
    choices = browser.get(url).context["adminform"].form.fields["assigned_to"].queryset
    assert set(choices) == {operator, agent}
    assert browser.post(url, {**data, "assigned_to": reporter.pk}).status_code == 200
    assert browser.post(url, {**data, "assigned_to": agent.pk}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.assigned_to == agent


def test_saving_other_changes_keeps_an_assignee_without_the_permission(
    browser: Client, agent: Any, ticket: HelpDeskTicket
) -> None:
    ticket.services.assign(agent, actor=agent)
    agent.user_permissions.clear()
    url = change("helpdeskticket", ticket.pk)
    form = browser.get(url).context["adminform"].form
    assert agent in form.fields["assigned_to"].queryset
    data = {name: form[name].value() for name in form.fields} | {"status": "done"}
    assert browser.post(url, data).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assigned_to) == ("done", agent)


def test_deleted_ticket_is_read_only(
    client_of: Callable[[Any], Client], operator: Any, ticket: HelpDeskTicket
) -> None:
    ticket.services.delete(operator)
    url = reverse("admin:django_spire_help_desk_helpdeskticket_change", args=[ticket.pk])
    assert client_of(operator).get(url).status_code == 200
    assert client_of(operator).post(url, {"priority": "low"}).status_code == 200
    assert HelpDeskTicket.objects.get().priority == "med"


@pytest.mark.hosts("default")
def test_user_with_notifications_can_be_deleted(
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


def form_data(response: Any) -> dict[str, Any]:
    """Return what the form submits if it is saved as it is shown."""
    form = response.context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)


def saved_values() -> tuple[Any, ...]:
    ticket = HelpDeskTicket.objects.get()
    return ticket.priority, ticket.status, ticket.description, ticket.assigned_to


class TestStaleForm:
    """Another user changes the ticket while the form is open."""

    @pytest.fixture
    def ticket(self, ticket: HelpDeskTicket) -> HelpDeskTicket:
        ticket.services.update(None, description="The lift\nsings.")
        return ticket

    @pytest.fixture
    def url(self, ticket: HelpDeskTicket) -> str:
        return change("helpdeskticket", ticket.pk)

    @pytest.fixture
    def data(self, browser: Client, url: str) -> dict[str, Any]:
        return form_data(browser.get(url))

    def test_changes_of_others_to_other_fields_are_kept(
        self,
        browser: Client,
        url: str,
        data: dict[str, Any],
        ticket: HelpDeskTicket,
        manager: Any,
        agent: Any,
    ) -> None:
        ticket.services.update(manager, status="prog", description="It hums.", assigned_to=agent)
        assert browser.post(url, data | {"priority": "low"}).status_code == 302
        assert saved_values() == ("low", "prog", "It hums.", agent)
        assert ticket.events.last().changes == {"priority": ["med", "low"]}
        entry = LogEntry.objects.get()
        assert entry.get_change_message() == "Changed Priority."

    def test_saving_without_changes_records_no_event(
        self, browser: Client, url: str, data: dict[str, Any], ticket: HelpDeskTicket
    ) -> None:
        count = ticket.events.count()
        submitted = data | {"description": "The lift\r\nsings."}
        assert browser.post(url, submitted).status_code == 302
        assert ticket.events.count() == count

    def test_conflict_is_shown_and_can_be_resolved(
        self,
        browser: Client,
        url: str,
        data: dict[str, Any],
        ticket: HelpDeskTicket,
        manager: Any,
        agent: Any,
        operator: Any,
    ) -> None:
        ticket.services.update(
            manager, priority="urge", status="prog", description="It hums.", assigned_to=agent
        )
        mine = {"priority": "low", "description": "It whistles.", "assigned_to": operator.pk}
        response = browser.post(url, data | mine)
        messages = errors(response)
        assert messages.keys() == {"__all__", "priority", "description", "assigned_to"}
        for label in ("Priority", "Description", "Assigned to"):
            assert label in messages["__all__"][0]
        assert "Current value: Urgent." in messages["priority"][0]
        assert "Current value: It hums." in messages["description"][0]
        assert "agent" in messages["assigned_to"][0]
        assert saved_values() == ("urge", "prog", "It hums.", agent)
        assert not LogEntry.objects.exists()
        again = form_data(response)
        assert int(again["version"]) == ticket.services.version
        assert {name: again[name] for name in ("priority", "description")} == {
            "priority": "low",
            "description": "It whistles.",
        }
        # Fields that were not changed keep the new values.
        assert browser.post(url, again).status_code == 302
        assert saved_values() == ("low", "prog", "It whistles.", operator)

    def test_another_change_is_another_conflict(
        self,
        browser: Client,
        url: str,
        data: dict[str, Any],
        ticket: HelpDeskTicket,
        manager: Any,
    ) -> None:
        ticket.services.update(manager, priority="urge")
        again = form_data(browser.post(url, data | {"priority": "low"}))
        ticket.services.update(manager, priority="high")
        assert "Current value: High." in errors(browser.post(url, again))["priority"][0]
        assert saved_values()[0] == "high"

    def test_version_is_a_hidden_field(
        self, browser: Client, url: str, ticket: HelpDeskTicket, operator: Any
    ) -> None:
        response = browser.get(url)
        version = ticket.services.version
        assert f'<input type="hidden" name="version" value="{version}"' in response.text
        lines = [
            line
            for fieldset in response.context["adminform"]
            if "hidden" not in fieldset.classes
            for line in fieldset
        ]
        assert "version" not in [name for line in lines for name in line.fields]
        added = browser.get(reverse("admin:django_spire_help_desk_helpdeskticket_add"))
        assert 'name="version"' not in added.text
        ticket.services.delete(operator)
        page = browser.get(url)
        assert page.status_code == 200
        assert "Version" not in page.text

    @pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 20, "9" * 5000, "\x00"])
    def test_invalid_versions_cause_no_server_error(
        self, browser: Client, url: str, data: dict[str, Any], version: str
    ) -> None:
        response = browser.post(url, data | {"priority": "low", "version": version})
        assert response.status_code in {200, 302}

    def test_form_of_a_deleted_ticket_keeps_what_was_typed(
        self,
        browser: Client,
        url: str,
        data: dict[str, Any],
        ticket: HelpDeskTicket,
        manager: Any,
    ) -> None:
        ticket.services.delete(manager)
        response = browser.post(url, data | {"description": "It whistles."})
        assert "the ticket was deleted in the meantime" in errors(response)["__all__"][0]
        assert "It whistles." in response.text
        assert saved_values()[2] == "The lift\nsings."
        assert not LogEntry.objects.exists()


@contextmanager
def before_saving(name: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something between a form's validation and its saving, as another request does.

    In a test, the effect of `act` is part of the request's transaction and rolled back with it,
    so it is repeated after the rollback.
    """
    original_view, original_save = ModelAdmin.changeform_view, getattr(HelpDeskTicketService, name)
    attempts: list[str] = []

    def view(self: Any, *args: Any, **kwargs: Any) -> Any:
        if attempts:
            act()
        return original_view(self, *args, **kwargs)

    def save(self: Any, *args: Any, **kwargs: Any) -> Any:
        attempts.append(name)
        act()
        return original_save(self, *args, **kwargs)

    with (
        mock.patch.object(ModelAdmin, "changeform_view", view),
        mock.patch.object(HelpDeskTicketService, name, save),
    ):
        yield
    assert attempts == [name]


class TestRaces:
    """Something changes after the form was validated and before it is saved."""

    @pytest.fixture(params=["create", "update"])
    def method(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def save(
        self, browser: Client, method: str, ticket: HelpDeskTicket, agent: Any
    ) -> Callable[[], Any]:
        add = reverse("admin:django_spire_help_desk_helpdeskticket_add")
        url = add if method == "create" else change("helpdeskticket", ticket.pk)
        data = form_data(browser.get(change("helpdeskticket", ticket.pk)))
        data |= {"description": "It whistles.", "assigned_to": agent.pk}
        return lambda: browser.post(url, data)

    def check(self, response: Any, name: str, text: str) -> None:
        assert text in errors(response)[name][0]
        assert "It whistles." in response.text
        assert HelpDeskTicket.objects.get().description != "It whistles."
        assert not LogEntry.objects.exists()

    def test_assignee_loses_the_permission(
        self, save: Callable[[], Any], method: str, agent: Any
    ) -> None:
        with before_saving(method, agent.user_permissions.clear):
            self.check(save(), "assigned_to", "Select a valid choice")

    def test_assignee_is_deleted(self, save: Callable[[], Any], method: str, agent: Any) -> None:
        users = type(agent)._default_manager.filter(pk=agent.pk)
        with before_saving(method, users.delete):
            self.check(save(), "assigned_to", "Select a valid choice")

    def test_database_rejects_a_deleted_assignee(
        self, save: Callable[[], Any], method: str, agent: Any
    ) -> None:
        def fail() -> None:
            type(agent)._default_manager.filter(pk=agent.pk).delete()
            if not failures:
                failures.append(IntegrityError())
                raise failures[0]

        failures: list[Exception] = []
        with before_saving(method, fail):
            self.check(save(), "assigned_to", "Select a valid choice")

    def test_other_integrity_errors_are_raised(
        self, save: Callable[[], Any], method: str, settings: Any
    ) -> None:
        settings.ADMINS = []  # Django 5.2 cannot email errors to plain strings.
        error = IntegrityError("of the host's own table")
        with (
            mock.patch.object(HelpDeskTicketService, method, side_effect=error),
            pytest.raises(IntegrityError, match="of the host's own table"),
        ):
            save()
        assert not LogEntry.objects.exists()

    @pytest.fixture
    def save_priority(self, browser: Client, ticket: HelpDeskTicket) -> Callable[[], Any]:
        url = change("helpdeskticket", ticket.pk)
        data = form_data(browser.get(url)) | {"priority": "low"}
        return lambda: browser.post(url, data)

    def test_same_field_is_changed(
        self, save_priority: Callable[[], Any], ticket: HelpDeskTicket
    ) -> None:
        def set_priority() -> None:
            current = HelpDeskTicket.objects.get()
            current.priority = "urge"
            current.save()

        with before_saving("update", set_priority):
            response = save_priority()
        assert "Current value: Urgent." in errors(response)["priority"][0]
        assert form_data(response)["priority"] == "low"
        assert not LogEntry.objects.exists()

    def test_ticket_is_deleted(
        self, save_priority: Callable[[], Any], ticket: HelpDeskTicket
    ) -> None:
        with before_saving("update", lambda: HelpDeskTicket.objects.get().set_deleted()):
            response = save_priority()
        assert "the ticket was deleted in the meantime" in errors(response)["__all__"][0]
        assert HelpDeskTicket.objects.get().priority == "med"
        assert not LogEntry.objects.exists()

    def test_row_of_the_ticket_is_deleted(self, save_priority: Callable[[], Any]) -> None:
        with before_saving("update", lambda: HelpDeskTicket.objects.all().delete()):
            response = save_priority()
        assert response.status_code == 302
        assert not LogEntry.objects.exists()


def test_ticket_links_to_its_page(browser: Client, ticket: HelpDeskTicket) -> None:
    page = browser.get(change("helpdeskticket", ticket.pk))
    link = page.context["absolute_url"]
    assert link in page.text
    assert browser.get(link).url.endswith(ticket.get_absolute_url())
