"""Notification preferences and email frequencies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from help_desk.delivery import runner
from help_desk.enums import EmailFrequency, NotificationKind
from help_desk.models import HelpDeskTicket, Notification, NotificationPreference
from help_desk.notifications.preferences import NotificationPreferences
from help_desk.services.preferences import set_email_frequency, set_preferences
from tests.support.delivery import update_waiting
from tests.support.notifications import notified

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db
with_email = pytest.mark.hosts(
    "default", "custom_user", "login_required", "multi_db", "use_tz_false"
)


@with_email
def test_preference_applies_to_its_kind_and_channel_only(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, manager: Any
) -> None:
    ticket.services.follow(manager)
    set_preferences(reporter, {("reply", "email"): False, ("status", "in_app"): False})
    set_preferences(manager, {("status", "email"): True})
    ticket.services.comment(agent, "Hello.")
    assert (notified("in_app"), notified("email")) == ({reporter, manager}, {manager})
    ticket.services.start(agent)
    assert (notified("in_app"), notified("email")) == ({manager}, {reporter, manager})


def test_preference_for_kinds_that_do_not_concern_the_user_has_no_effect(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    set_preferences(manager, {(kind, "in_app"): True for kind in NotificationKind})
    ticket.services.comment(agent, "Hello.")
    assert manager not in notified()


def test_preference_overrides_the_rules_of_the_project(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {"reply": {"creator": ["email"]}},
    }
    set_preferences(reporter, {("reply", "in_app"): True, ("reply", "email"): False})
    ticket.services.comment(agent, "Hello.")
    assert (notified("in_app"), notified("email")) == ({reporter}, set())


def test_removed_preference_follows_the_rules_again(reporter: Any, manager: Any) -> None:
    set_preferences(manager, {("reply", "email"): False})
    set_preferences(reporter, {("reply", "email"): False, ("note", "email"): True})
    set_preferences(reporter, {("reply", "email"): None, ("note", "email"): False})
    set_preferences(reporter, {})
    rows = NotificationPreference.objects.values_list("user", "kind", "channel", "enabled")
    assert sorted(rows, key=str) == sorted(
        [(manager.pk, "reply", "email", False), (reporter.pk, "note", "email", False)], key=str
    )


def due(user: Any, now: datetime, database_alias: str) -> datetime:
    return NotificationPreferences([user.pk], database_alias).email_due(user.pk, now, now)


@pytest.mark.hosts("default")
@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-01-15T07:59:59.999999+01:00", "2026-01-15T08:00:00+01:00"),
        ("2026-01-15T08:00:00+01:00", "2026-01-16T08:00:00+01:00"),
        ("2026-01-15T23:59:59+01:00", "2026-01-16T08:00:00+01:00"),
        ("2026-01-16T00:00:00+01:00", "2026-01-16T08:00:00+01:00"),
        ("2026-12-31T12:00:00+01:00", "2027-01-01T08:00:00+01:00"),
        ("2026-03-28T20:00:00+01:00", "2026-03-29T08:00:00+02:00"),
        ("2026-03-29T01:59:59+01:00", "2026-03-29T08:00:00+02:00"),
        ("2026-10-24T20:00:00+02:00", "2026-10-25T08:00:00+01:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T08:00:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T08:00:00+01:00"),
    ],
)
def test_daily_digest_is_due_on_the_next_morning_in_the_site_time_zone(
    reporter: Any, database_alias: str, now: str, morning: str
) -> None:
    set_email_frequency(reporter, EmailFrequency.DAILY)
    time = datetime.fromisoformat(now).astimezone(ZoneInfo("UTC"))
    with timezone.override("Asia/Tokyo"):  # the time zone of the actor
        assert due(reporter, time, database_alias) == datetime.fromisoformat(morning)


@pytest.mark.hosts("default")
@pytest.mark.parametrize(
    ("now", "hour"),
    [
        ("2026-01-15T07:59:59.999999+00:00", "2026-01-15T08:00:00+00:00"),
        ("2026-01-15T08:00:00+00:00", "2026-01-15T09:00:00+00:00"),
        ("2026-12-31T23:30:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-10-25T00:30:00+00:00", "2026-10-25T01:00:00+00:00"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_hourly_digest_is_due_at_the_end_of_the_hour(
    reporter: Any, database_alias: str, now: str, hour: str
) -> None:
    set_email_frequency(reporter, EmailFrequency.HOURLY)
    time = datetime.fromisoformat(now)
    assert due(reporter, time, database_alias) == datetime.fromisoformat(hour)


@pytest.mark.hosts("use_tz_false")
def test_naive_datetimes_are_in_the_site_time_zone(reporter: Any, database_alias: str) -> None:
    set_email_frequency(reporter, EmailFrequency.DAILY)
    evening = datetime(2026, 3, 28, 20)  # noqa: DTZ001 -- as the host stores them
    assert due(reporter, evening, database_alias) == evening + timedelta(hours=12)


def test_email_frequency_can_be_changed_and_changed_back(
    reporter: Any, database_alias: str
) -> None:
    now = timezone.now()
    for frequency in (EmailFrequency.DAILY, EmailFrequency.HOURLY, EmailFrequency.DAILY):
        set_email_frequency(reporter, frequency)
        assert due(reporter, now, database_alias) > now
    set_email_frequency(reporter, EmailFrequency.IMMEDIATE)
    assert due(reporter, now, database_alias) == now


def emails_to(user: Any) -> list[Any]:
    field = type(user).get_email_field_name()
    return [message for message in mail.outbox if message.to == [getattr(user, field)]]


WITH_WINDOW = {"DELIVERY": "command", "CHANGES_WINDOW": 45}


@with_email
def test_digest_contains_everything_by_ticket_and_is_sent_when_it_is_due(
    make_ticket: Callable[..., HelpDeskTicket], reporter: Any, agent: Any, manager: Any
) -> None:
    set_email_frequency(reporter, EmailFrequency.DAILY)
    lift, lamp = (make_ticket(created_by=reporter, description=text) for text in ("Lift.", "Lamp."))
    lift.services.comment(agent, "First on the lift.")
    lamp.services.comment(agent, "On the lamp.")
    lift.services.comment(manager, "Second on the lift.")
    runner.deliver()
    assert emails_to(reporter) == []
    update_waiting(due_datetime=timezone.now())
    runner.deliver()
    (digest,) = emails_to(reporter)
    places = [digest.body.index(text) for text in ("First", "Second", "On the lamp.")]
    assert places == sorted(places)
    assert digest.subject == "Help desk: 3 updates on 2 tickets"
    assert "References" not in digest.extra_headers


@with_email
def test_changes_window_does_not_delay_a_digest(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, settings: Any, database_alias: str
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, **WITH_WINDOW, "CHANGES_WINDOW": 2 * 24 * 60 * 60}
    set_email_frequency(reporter, EmailFrequency.HOURLY)
    ticket.services.start(agent)
    row = Notification.objects.get(recipient=reporter, channel="email")
    assert row.due_datetime == due(reporter, row.created_datetime, database_alias)


@with_email
def test_changes_by_one_user_within_the_window_are_sent_in_one_email(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, **WITH_WINDOW}
    ticket.services.assign(agent, actor=agent)
    ticket.services.start(agent)
    ticket.services.complete(agent)
    ticket.services.start(manager)
    for row in Notification.objects.filter(recipient=reporter, channel="email"):
        assert row.due_datetime is not None
        age = row.due_datetime - row.event.created_datetime
        assert age == timedelta(seconds=45)
    assert runner.deliver().handled == 0
    update_waiting(due_datetime=timezone.now())
    runner.deliver()
    first, second = emails_to(reporter)
    assert "In Progress → Done" in first.body
    assert "Done → In Progress" in second.body
    assert first.extra_headers["References"] == second.extra_headers["References"]


@with_email
def test_reply_is_not_combined_with_changes_by_someone_else_within_the_window(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, **WITH_WINDOW}
    ticket.services.start(manager)
    ticket.services.comment(agent, "We are working on it.")
    runner.deliver()
    (message,) = emails_to(reporter)
    assert "We are working on it." in message.body
    ticket.services.complete(manager)
    update_waiting(due_datetime=timezone.now())
    runner.deliver()
    _reply, changes = emails_to(reporter)
    assert "Ready → In Progress" in changes.body
    assert "In Progress → Done" in changes.body


@with_email
def test_changes_are_sent_at_once_if_they_are_sent_after_the_commit(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.start(agent)
    row = Notification.objects.get(recipient=reporter, channel="email")
    assert row.due_datetime is not None
    assert row.due_datetime <= timezone.now()


@with_email
def test_reply_is_combined_with_changes_by_its_author_within_the_window(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, **WITH_WINDOW}
    ticket.services.start(agent)
    ticket.services.comment(agent, "Works again.", status="done")
    runner.deliver()
    (message,) = emails_to(reporter)
    assert "Works again." in message.body
    assert "In Progress" in message.body
