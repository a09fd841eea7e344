"""What people want to be told of, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from help_desk.delivery import runner as delivery
from help_desk.delivery.dispatch import COMMAND
from help_desk.enums import EmailFrequency, NotificationKind
from help_desk.models import DeliveryRun, HelpDeskTicket, Notification, NotificationPreference
from help_desk.notifications.preferences import NotificationPreferences
from help_desk.services.preferences import set_email_frequency, set_preferences
from tests.support.notifications import notified as told

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db
with_email = pytest.mark.hosts(
    "default", "custom_user", "login_required", "multi_db", "use_tz_false"
)


# What


@with_email
def test_wish_counts_both_ways_and_only_for_its_kind(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, manager: Any
) -> None:
    ticket.services.follow(manager)
    set_preferences(reporter, {("reply", "email"): False, ("status", "in_app"): False})
    set_preferences(manager, {("status", "email"): True})
    ticket.services.comment(agent, "Hello.")
    assert (told("in_app"), told("email")) == ({reporter, manager}, {manager})
    ticket.services.start(agent)
    assert (told("in_app"), told("email")) == ({manager}, {reporter, manager})


def test_wish_for_what_does_not_concern_one_brings_nothing(
    ticket: HelpDeskTicket, agent: Any, manager: Any
) -> None:
    set_preferences(manager, {(kind, "in_app"): True for kind in NotificationKind})
    ticket.services.comment(agent, "Hello.")
    assert manager not in told()


def test_wish_overrides_the_hosts_rules_too(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {"reply": {"creator": ["email"]}},
    }
    set_preferences(reporter, {("reply", "in_app"): True, ("reply", "email"): False})
    ticket.services.comment(agent, "Hello.")
    assert (told("in_app"), told("email")) == ({reporter}, set())


def test_wish_that_is_taken_back_leaves_the_rules(reporter: Any, manager: Any) -> None:
    set_preferences(manager, {("reply", "email"): False})
    set_preferences(reporter, {("reply", "email"): False, ("note", "email"): True})
    set_preferences(reporter, {("reply", "email"): None, ("note", "email"): False})
    set_preferences(reporter, {})
    rows = NotificationPreference.objects.values_list("user", "kind", "channel", "enabled")
    assert sorted(rows, key=str) == sorted(
        [(manager.pk, "reply", "email", False), (reporter.pk, "note", "email", False)], key=str
    )


# When


def due(user: Any, now: datetime, database_alias: str) -> datetime:
    return NotificationPreferences([user.pk], database_alias).email_due(user.pk, now, now)


@pytest.mark.hosts("default")
@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-01-15T07:59:59+01:00", "2026-01-15T08:00:00+01:00"),
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
def test_daily_mail_is_due_at_the_sites_next_morning(
    reporter: Any, database_alias: str, now: str, morning: str
) -> None:
    set_email_frequency(reporter, EmailFrequency.DAILY)
    moment = datetime.fromisoformat(now).astimezone(ZoneInfo("UTC"))
    with timezone.override("Asia/Tokyo"):  # the zone of whoever writes
        assert due(reporter, moment, database_alias) == datetime.fromisoformat(morning)


@pytest.mark.hosts("default")
@pytest.mark.parametrize(
    ("now", "hour"),
    [
        ("2026-01-15T07:59:59+00:00", "2026-01-15T08:00:00+00:00"),
        ("2026-01-15T08:00:00+00:00", "2026-01-15T09:00:00+00:00"),
        ("2026-12-31T23:30:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-10-25T00:30:00+00:00", "2026-10-25T01:00:00+00:00"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_hourly_mail_is_due_at_the_end_of_the_hour(
    reporter: Any, database_alias: str, now: str, hour: str
) -> None:
    set_email_frequency(reporter, EmailFrequency.HOURLY)
    moment = datetime.fromisoformat(now)
    assert due(reporter, moment, database_alias) == datetime.fromisoformat(hour)


@pytest.mark.hosts("use_tz_false")
def test_moments_without_a_zone_are_the_sites(reporter: Any, database_alias: str) -> None:
    set_email_frequency(reporter, EmailFrequency.DAILY)
    evening = datetime(2026, 3, 28, 20)
    assert due(reporter, evening, database_alias) == evening + timedelta(hours=12)


def test_rhythm_can_be_changed_and_changed_back(reporter: Any, database_alias: str) -> None:
    now = timezone.now()
    for frequency in (EmailFrequency.DAILY, EmailFrequency.HOURLY, EmailFrequency.DAILY):
        set_email_frequency(reporter, frequency)
        assert due(reporter, now, database_alias) > now
    set_email_frequency(reporter, EmailFrequency.IMMEDIATE)
    assert due(reporter, now, database_alias) == now


def mails_to(person: Any) -> list[Any]:
    field = type(person).get_email_field_name()
    return [message for message in mail.outbox if message.to == [getattr(person, field)]]


def let_time_pass() -> None:
    Notification.objects.waiting().write(due_datetime=timezone.now())


@with_email
def test_digest_holds_everything_by_ticket_and_comes_when_it_is_due(
    make_ticket: Callable[..., HelpDeskTicket], reporter: Any, agent: Any, manager: Any
) -> None:
    set_email_frequency(reporter, EmailFrequency.DAILY)
    lift, lamp = (make_ticket(created_by=reporter, description=text) for text in ("Lift.", "Lamp."))
    lift.services.comment(agent, "First on the lift.")
    lamp.services.comment(agent, "On the lamp.")
    lift.services.comment(manager, "Second on the lift.")
    delivery.deliver()
    assert mails_to(reporter) == []
    let_time_pass()
    delivery.deliver()
    (digest,) = mails_to(reporter)
    places = [digest.body.index(text) for text in ("First", "Second", "On the lamp.")]
    assert places == sorted(places)
    assert digest.subject == "Help desk: 3 updates on 2 tickets"
    assert "References" not in digest.extra_headers


@with_email
def test_window_for_changes_does_not_put_a_digest_off(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, settings: Any, database_alias: str
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "CHANGES_WINDOW": 2 * 24 * 60 * 60}
    somebody_comes_by()
    set_email_frequency(reporter, EmailFrequency.HOURLY)
    ticket.services.start(agent)
    row = Notification.objects.get(recipient=reporter, channel="email")
    assert row.due_datetime == due(reporter, row.created_datetime, database_alias)


def somebody_comes_by() -> None:
    DeliveryRun.objects.create(source=COMMAND, finished_datetime=timezone.now())


@with_email
def test_changes_by_one_person_within_the_window_make_one_email_if_somebody_comes_by(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command", "CHANGES_WINDOW": 45}
    somebody_comes_by()
    ticket.services.assign(agent, actor=agent)
    ticket.services.start(agent)
    ticket.services.complete(agent)
    ticket.services.start(manager)
    for row in Notification.objects.filter(recipient=reporter, channel="email"):
        assert row.due_datetime is not None
        age = row.due_datetime - row.event.created_datetime
        assert age == timedelta(seconds=45)
    assert delivery.deliver().handled == 0
    let_time_pass()
    delivery.deliver()
    first, second = mails_to(reporter)
    assert "In Progress → Done" in first.body
    assert "Done → In Progress" in second.body
    assert first.extra_headers["References"] == second.extra_headers["References"]


@with_email
def test_reply_does_not_take_along_what_somebody_else_is_still_changing(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    somebody_comes_by()
    ticket.services.start(manager)
    ticket.services.comment(agent, "We are at it.")
    delivery.deliver()
    (message,) = mails_to(reporter)
    assert "We are at it." in message.body
    ticket.services.complete(manager)
    let_time_pass()
    delivery.deliver()
    _reply, changes = mails_to(reporter)
    assert "Ready → In Progress" in changes.body
    assert "In Progress → Done" in changes.body


@with_email
def test_changes_are_told_at_once_where_nobody_comes_by(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    ticket.services.start(agent)
    row = Notification.objects.get(recipient=reporter, channel="email")
    assert row.due_datetime is not None
    assert row.due_datetime <= timezone.now()


@with_email
def test_reply_takes_along_what_its_author_changed_just_before(
    ticket: HelpDeskTicket, agent: Any, reporter: Any
) -> None:
    somebody_comes_by()
    ticket.services.start(agent)
    ticket.services.comment(agent, "Works again.", status="done")
    delivery.deliver()
    (message,) = mails_to(reporter)
    assert "Works again." in message.body
    assert "In Progress" in message.body
