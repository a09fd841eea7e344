"""An address in `ADMINS` is emailed about new tickets, whatever its users prefer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail, signing
from django.test import Client
from django.urls import reverse

from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification, UnsubscribedAddress
from help_desk.notifications import eligibility
from tests.support.hosts import with_email

if TYPE_CHECKING:
    from collections.abc import Callable

    CreateTicket = Callable[..., HelpDeskTicket]

pytestmark = pytest.mark.django_db

PREFERENCES = "django_spire:help_desk:page:preferences"


@pytest.fixture(autouse=True)
def deliver_by_command(settings: Any) -> None:
    settings.ADMINS = ["ada@example.com"]
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "DELIVERY": "command",
        "SITE_URL": "https://intranet.example.com",
    }


def delivered() -> list[list[str]]:
    """Deliver what is due, and return the recipients of each email since the last call."""
    mail.outbox.clear()
    runner.deliver()
    return [message.to for message in mail.outbox]


def save_preferences(user: Any, **changes: Any) -> None:
    """Post the page's form with changes; None unchecks a checkbox."""
    client = Client()
    client.force_login(user)
    form = client.get(reverse(PREFERENCES)).context["form"]
    data = {
        "frequency": form["frequency"].initial,
        **{name: "on" for name in form.fields if form[name].initial and name != "frequency"},
        **changes,
    }
    sent = {name: value for name, value in data.items() if value is not None}
    assert client.post(reverse(PREFERENCES), sent).status_code == 302


def use_link(message: Any) -> None:
    """Unsubscribe as a mail program does: by one click."""
    url = message.extra_headers["List-Unsubscribe"][1:-1]
    assert url in message.body
    response = Client(enforce_csrf_checks=True).post(
        url.removeprefix("https://intranet.example.com"), {"List-Unsubscribe": "One-Click"}
    )
    assert response.status_code == 200


def opt_out_of_the_kind(user: Any) -> None:
    save_preferences(user, **{"new-email": None})


def opt_out_of_everything(user: Any) -> None:
    form_fields = ("new", "reply", "note", "assignment", "status", "priority", "mention")
    channels = ("email", "in_app")
    save_preferences(user, **{f"{kind}-{name}": None for kind in form_fields for name in channels})


def get_a_daily_digest(user: Any) -> None:
    save_preferences(user, frequency="day")


def get_an_hourly_digest(user: Any) -> None:
    save_preferences(user, frequency="hour")


PREFERENCE_CHANGES = [
    opt_out_of_the_kind,
    opt_out_of_everything,
    get_a_daily_digest,
    get_an_hourly_digest,
]
by_preference = pytest.mark.parametrize(
    "change", PREFERENCE_CHANGES, ids=lambda change: change.__name__
)


@with_email
@by_preference
def test_address_is_emailed_whatever_its_user_prefers(
    create_ticket: CreateTicket, developer: Any, reporter: Any, change: Callable[[Any], None]
) -> None:
    change(developer)
    create_ticket(created_by=reporter, description="The lift hums.")
    assert delivered() == [["ada@example.com"]]
    assert "The lift hums." in mail.outbox[0].body
    assert "page/preferences" not in mail.outbox[0].body
    row = Notification.objects.get(channel="email")
    assert (row.recipient, row.address, row.kinds) == (None, "ada@example.com", ["new"])


@with_email
@by_preference
def test_change_of_preferences_does_not_stop_a_waiting_email(
    create_ticket: CreateTicket, developer: Any, reporter: Any, change: Callable[[Any], None]
) -> None:
    create_ticket(created_by=reporter)
    change(developer)
    assert delivered() == [["ada@example.com"]]


@with_email
def test_muting_does_not_stop_a_waiting_email(
    create_ticket: CreateTicket, developer: Any, reporter: Any
) -> None:
    create_ticket(created_by=reporter).services.mute(developer)
    assert delivered() == [["ada@example.com"]]


@with_email
@by_preference
def test_user_with_the_address_of_a_developer_cannot_stop_the_email(
    create_ticket: CreateTicket,
    developer: Any,
    agent: Any,
    reporter: Any,
    settings: Any,
    change: Callable[[Any], None],
) -> None:
    email_field = type(agent).get_email_field_name()
    if type(agent)._meta.get_field(email_field).unique:
        developer.delete()
    setattr(agent, email_field, "ADA@example.com")
    agent.save()
    change(agent)
    create_ticket(created_by=reporter, description=f"@{agent.get_username()}: the lift hums.")
    assert delivered() in ([["ada@example.com"]], [["ADA@example.com"]])


@with_email
def test_user_who_takes_the_address_after_using_their_own_link_does_not_stop_the_email(
    create_ticket: CreateTicket, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {"new": {"manager": ["email"]}},
    }
    create_ticket(created_by=reporter)
    email_field = type(manager).get_email_field_name()
    assert sorted(delivered()) == sorted([["ada@example.com"], [getattr(manager, email_field)]])
    (own,) = [message for message in mail.outbox if message.to != ["ada@example.com"]]
    setattr(manager, email_field, "ada@example.com")
    manager.save()
    use_link(own)
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]


@with_email
def test_lookalike_of_the_address_is_another_address(
    create_ticket: CreateTicket, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.ADMINS = ["kate@example.com"]
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {"new": {"manager": ["email"]}},
    }
    setattr(manager, type(manager).get_email_field_name(), "\N{KELVIN SIGN}ate@example.com")
    manager.save()
    create_ticket(created_by=reporter)
    assert ["kate@example.com"] in delivered()


@with_email
def test_user_is_emailed_once_and_as_a_user_by_default(
    create_ticket: CreateTicket, developer: Any, reporter: Any
) -> None:
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]
    assert Notification.objects.get(channel="email").recipient == developer


@with_email
def test_project_without_email_to_developers_sends_none(
    create_ticket: CreateTicket, developer: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {"new": {"developer": ["in_app"]}},
    }
    opt_out_of_everything(developer)
    create_ticket(created_by=reporter)
    assert delivered() == []


# Unsubscribe links


def test_link_stops_emails_to_an_address_without_a_user(
    create_ticket: CreateTicket, reporter: Any
) -> None:
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]
    for _time in range(2):  # as a mail program may do
        use_link(mail.outbox[0])
    create_ticket(created_by=reporter)
    assert delivered() == []
    UnsubscribedAddress.objects.get(address="ada@example.com").delete()
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]


def test_link_stops_the_emails_to_its_address_only(
    create_ticket: CreateTicket, reporter: Any, settings: Any
) -> None:
    settings.ADMINS = ["ada@example.com", "bob@example.com"]
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"], ["bob@example.com"]]
    use_link(mail.outbox[1])
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]


def test_link_stops_a_waiting_email(
    create_ticket: CreateTicket, reporter: Any, settings: Any
) -> None:
    create_ticket(created_by=reporter)
    delivered()
    create_ticket(created_by=reporter)
    use_link(mail.outbox[0])
    assert delivered() == []
    row = Notification.objects.latest("pk")
    assert (row.status, row.error) == ("skip", eligibility.OPTED_OUT)


@with_email
@pytest.mark.parametrize("is_waiting", [False, True], ids=["later", "waiting"])
def test_link_stops_emails_to_user_and_address(
    create_ticket: CreateTicket, developer: Any, reporter: Any, *, is_waiting: bool
) -> None:
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]
    (message,) = mail.outbox
    if is_waiting:
        create_ticket(created_by=reporter)
    use_link(message)
    create_ticket(created_by=reporter)
    assert delivered() == []


@with_email
def test_link_still_stops_the_emails_after_the_user_was_deleted(
    create_ticket: CreateTicket, developer: Any, reporter: Any
) -> None:
    create_ticket(created_by=reporter)
    delivered()
    developer.delete()
    use_link(mail.outbox[0])
    create_ticket(created_by=reporter)
    assert delivered() == []


@with_email
def test_preferences_apply_after_the_link_was_used(
    create_ticket: CreateTicket, developer: Any, reporter: Any
) -> None:
    get_a_daily_digest(developer)
    create_ticket(created_by=reporter)
    delivered()
    use_link(mail.outbox[0])
    create_ticket(created_by=reporter)
    assert delivered() == []
    row = Notification.objects.filter(channel="email").latest("pk")
    assert (row.recipient, row.status) == (developer, "wait")
    save_preferences(developer, frequency="once", **{"new-email": "on"})
    create_ticket(created_by=reporter)
    assert ["ada@example.com"] in delivered()
    opt_out_of_the_kind(developer)
    create_ticket(created_by=reporter)
    assert delivered() == []


@with_email
def test_link_in_a_digest_stops_emails_to_the_address(
    create_ticket: CreateTicket,
    make_ticket: CreateTicket,
    developer: Any,
    agent: Any,
    grant: Callable[..., Any],
    reporter: Any,
) -> None:
    grant(developer, "view")
    for ticket in (make_ticket(), make_ticket()):
        ticket.services.follow(developer)
        ticket.services.comment(agent, "Hello.")
    get_a_daily_digest(developer)
    assert delivered() == [["ada@example.com"]]
    use_link(mail.outbox[0])
    create_ticket(created_by=reporter)
    assert delivered() == []


@with_email
def test_preferences_page_says_that_the_address_is_emailed_anyway(
    create_ticket: CreateTicket, developer: Any, reporter: Any, client_of: Callable[[Any], Client]
) -> None:
    text = "This site sends emails about new tickets to your address"
    assert text not in client_of(reporter).get(reverse(PREFERENCES)).content.decode()
    assert text in client_of(developer).get(reverse(PREFERENCES)).content.decode()
    create_ticket(created_by=reporter)
    delivered()
    use_link(mail.outbox[0])
    assert text not in client_of(developer).get(reverse(PREFERENCES)).content.decode()


def test_staff_can_delete_an_unsubscribed_address_but_not_add_or_change_one(
    client_of: Callable[[Any], Client], make_user: Callable[..., Any]
) -> None:
    row = UnsubscribedAddress.objects.create(address="ada@example.com")
    client = client_of(make_user(is_staff=True, is_superuser=True))
    admin = "admin:django_spire_help_desk_unsubscribedaddress"
    assert client.get(reverse(f"{admin}_add")).status_code == 403
    page = client.get(reverse(f"{admin}_changelist"))
    assert "ada@example.com" in page.content.decode()
    change = reverse(f"{admin}_change", args=[row.pk])
    assert client.post(change, {"address": "bob@example.com"}).status_code == 403
    client.post(reverse(f"{admin}_delete", args=[row.pk]), {"post": "yes"})
    assert not UnsubscribedAddress.objects.exists()


def test_token_contains_no_address(create_ticket: CreateTicket, reporter: Any) -> None:
    create_ticket(created_by=reporter)
    delivered()
    (token,) = re.findall(r"unsubscribe/([^/]+)/", mail.outbox[0].extra_headers["List-Unsubscribe"])
    assert "ada" not in str(signing.loads(token, salt="help_desk.unsubscribe"))


# Inactive users

several_users = pytest.mark.hosts("default", "login_required", "multi_db", "use_tz_false")


def deactivate(user: Any) -> None:
    user.is_active = False
    user.save()


@with_email
def test_inactive_user_stops_a_waiting_email(
    create_ticket: CreateTicket, developer: Any, reporter: Any
) -> None:
    create_ticket(created_by=reporter)
    deactivate(developer)
    assert delivered() == []
    assert Notification.objects.get(channel="email").error == eligibility.INACTIVE


@with_email
def test_inactive_user_stops_a_waiting_email_to_the_address_by_itself(
    create_ticket: CreateTicket, developer: Any, reporter: Any
) -> None:
    opt_out_of_the_kind(developer)
    create_ticket(created_by=reporter)
    deactivate(developer)
    assert delivered() == []


@several_users
def test_inactive_user_does_not_stop_the_email_while_another_with_the_address_is_active(
    create_ticket: CreateTicket, developer: Any, make_user: Callable[..., Any], reporter: Any
) -> None:
    second = make_user(email="ada@example.com")
    make_user(email="ada@example.com", is_active=False)
    create_ticket(created_by=reporter)
    assert Notification.objects.get(channel="email").recipient == developer
    deactivate(developer)
    assert delivered() == [["ada@example.com"]]
    opt_out_of_the_kind(second)
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]
    deactivate(second)
    create_ticket(created_by=reporter)
    assert delivered() == []


@several_users
def test_users_with_one_address_get_one_email_if_the_first_opted_out(
    create_ticket: CreateTicket, developer: Any, make_user: Callable[..., Any], reporter: Any
) -> None:
    make_user(email="ada@example.com")
    opt_out_of_the_kind(developer)
    create_ticket(created_by=reporter)
    assert delivered() == [["ada@example.com"]]


# Other events


@with_email
@pytest.mark.parametrize("is_internal", [False, True], ids=["reply", "note"])
def test_developer_without_permission_gets_no_email_about_other_events(
    ticket: HelpDeskTicket,
    developer: Any,
    agent: Any,
    grant: Callable[..., Any],
    *,
    is_internal: bool,
) -> None:
    grant(developer, "view", "change")
    ticket.services.follow(developer)
    ticket.services.comment(agent, "Secret.", internal=is_internal)
    developer.user_permissions.clear()
    assert ["ada@example.com"] not in delivered()
    row = Notification.objects.get(channel="email", recipient=developer)
    assert (row.status, row.error) == ("skip", eligibility.NOT_PERMITTED)


@with_email
def test_developer_who_opted_out_gets_no_email_about_other_events(
    ticket: HelpDeskTicket, developer: Any, agent: Any, grant: Callable[..., Any]
) -> None:
    grant(developer, "view")
    ticket.services.follow(developer)
    ticket.services.comment(agent, "Hello.")
    opt_out_of_everything(developer)
    assert ["ada@example.com"] not in delivered()
    row = Notification.objects.get(channel="email", recipient=developer)
    assert (row.status, row.error) == ("skip", eligibility.OPTED_OUT)


@with_email
def test_number_of_queries_does_not_depend_on_the_number_of_developers(
    create_ticket: CreateTicket,
    make_user: Callable[..., Any],
    reporter: Any,
    settings: Any,
    capture_queries: Callable[[], Any],
) -> None:
    counts = []
    for number in (2, 20):
        settings.ADMINS = [f"dev{number}-{index}@example.com" for index in range(number)]
        for index, address in enumerate(settings.ADMINS):
            if index % 2:
                opt_out_of_the_kind(make_user(email=address))
        create_ticket(created_by=reporter)
        with capture_queries() as queries:
            create_ticket(created_by=reporter)
        counts.append(len(queries))
    assert counts[0] == counts[1]
