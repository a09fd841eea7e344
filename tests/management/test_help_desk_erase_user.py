"""`manage.py help_desk_erase_user`."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models import ProtectedError
from django.utils import timezone

from help_desk.auth.user_model import email_of
from help_desk.delivery import runner
from help_desk.models import (
    ChannelPause,
    EmailSchedule,
    HelpDeskTicket,
    Notification,
    NotificationPreference,
    TicketComment,
    TicketEvent,
    TicketFollower,
    UnsubscribedAddress,
)
from help_desk.services import preferences
from help_desk.services.flows.submissions import record_submission

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

COMMAND = "help_desk_erase_user"


def erase(user: Any, placeholder: Any, *options: str) -> str:
    out = StringIO()
    name = placeholder.get_username()
    arguments = (f"--placeholder={name}", "--no-input", *options)
    call_command(COMMAND, user.get_username(), *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def person(make_user: Callable[..., Any], grant: Callable[..., Any]) -> Any:
    return grant(make_user(name="lovelace"), "add", "change", "view")


@pytest.fixture
def placeholder(make_user: Callable[..., Any]) -> Any:
    return make_user(name="deleted-user", is_active=False)


@pytest.fixture
def worked_on(
    person: Any, manager: Any, create_ticket: Callable[..., HelpDeskTicket], settings: Any
) -> HelpDeskTicket:
    """A ticket that the person created, got assigned, was mentioned in and commented on."""
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}
    name = person.get_username()
    ticket = create_ticket(created_by=person, description=f"Ask @{name}, not @{name}2.")
    ticket.services.assign(person, actor=manager)
    ticket.services.comment(person, f"I have a look, @{manager.get_username()}.", status="prog")
    record_submission(ticket, uuid4(), ticket._state.db)
    ticket.services.comment(manager, f"Thanks @{name.upper()}! (@{name}.)")
    ticket.services.assign(manager, actor=person)
    ticket.services.assign(person, actor=manager)
    preferences.set_preferences(person, {("reply", "email"): False})
    preferences.set_email_frequency(person, "day")
    return ticket


def rows_naming(user: Any) -> list[str]:
    """Return each relation of the help desk that refers to a user."""
    relations = get_user_model()._meta.get_fields(include_hidden=True)
    return [
        f"{relation.related_model.__name__}.{relation.field.name}"
        for relation in relations
        if relation.auto_created
        and not relation.concrete
        and relation.related_model._meta.app_label == "django_spire_help_desk"
        and relation.related_model._base_manager.filter(**{relation.field.name: user.pk}).exists()
    ]


def test_no_row_refers_to_an_erased_user(
    worked_on: HelpDeskTicket, person: Any, placeholder: Any
) -> None:
    assert {"HelpDeskTicket.created_by", "TicketEvent.actor", "Notification.recipient"} <= set(
        rows_naming(person)
    )
    erase(person, placeholder)
    assert rows_naming(person) == []
    ids = {
        str(value)
        for event in worked_on.events.all()
        for pair in event.changes.values()
        for value in pair
    }
    assert str(person.pk) not in ids


def test_tickets_comments_and_history_are_kept_in_the_name_of_the_placeholder(
    worked_on: HelpDeskTicket, person: Any, manager: Any, placeholder: Any
) -> None:
    events = worked_on.events.count()
    erase(person, placeholder)
    ticket = HelpDeskTicket.objects.get()
    assert (ticket.created_by, ticket.assigned_to, ticket.status) == (placeholder, None, "prog")
    comments = ticket.comments.order_by("pk")
    assert [comment.author for comment in comments] == [placeholder, manager]
    assert comments[0].text == f"I have a look, @{manager.get_username()}."
    # One more: the ticket was unassigned.
    assert ticket.events.count() == events + 1
    stored = placeholder.pk if isinstance(placeholder.pk, int) else str(placeholder.pk)
    assert ticket.events.latest("pk").changes == {"assigned_to": [stored, None]}
    assert ticket.events.oldest_first()[0].actor == placeholder


def test_mentions_name_the_placeholder_in_texts_and_in_their_history(
    worked_on: HelpDeskTicket, person: Any, placeholder: Any
) -> None:
    name, new = person.get_username(), placeholder.get_username()
    erase(person, placeholder)
    worked_on.refresh_from_db()
    description = f"Ask @{new}, not @{name}2."
    thanks = f"Thanks @{new}! (@{new}.)"
    assert worked_on.description == description
    assert worked_on.comments.latest("pk").text == thanks
    changes = [event.changes for event in worked_on.events.oldest_first()]
    assert changes[0]["description"] == [None, description]
    assert [None, thanks] in [change.get("text") for change in changes]


def test_subscriptions_preferences_and_notifications_are_deleted(
    worked_on: HelpDeskTicket, person: Any, manager: Any, placeholder: Any
) -> None:
    others = Notification.objects.exclude(recipient=person).count()
    erase(person, placeholder)
    assert not NotificationPreference.objects.exists()
    assert not EmailSchedule.objects.exists()
    assert TicketFollower.objects.get().user == manager
    assert Notification.objects.count() == others


def test_notifications_to_the_address_without_a_user_are_deleted(
    worked_on: HelpDeskTicket, person: Any, placeholder: Any, user_has_email: bool
) -> None:
    if not user_has_email:
        pytest.skip("Users have no email address.")
    address = getattr(person, person.get_email_field_name())
    event = worked_on.events.latest("pk")
    own, other = (
        Notification.objects.create(
            event=event, address=to, channel="x", status="fail", error=f"550 <{address}> unknown"
        )
        for to in (address.upper(), "other@example.com")
    )
    erase(person, placeholder)
    assert not Notification.objects.filter(pk=own.pk).exists()
    other.refresh_from_db()
    assert other.error == f"550 <{placeholder.get_username()}> unknown"


def test_unsent_email_is_not_sent_to_an_erased_user(
    worked_on: HelpDeskTicket, person: Any, placeholder: Any, mail_server: Any, user_has_email: bool
) -> None:
    if not user_has_email:
        pytest.skip("Users have no email address.")
    waiting = Notification.objects.waiting().filter(channel="email")
    assert waiting.filter(recipient=person).exists()
    erase(person, placeholder)
    assert waiting.exists()
    runner.deliver()
    assert "lovelace" not in str([message.to for message in mail_server.accepted])


def test_erasing_twice_changes_nothing_the_second_time(
    worked_on: HelpDeskTicket, person: Any, placeholder: Any
) -> None:
    erase(person, placeholder)
    models = (HelpDeskTicket, TicketComment, TicketEvent, Notification, TicketFollower)
    before = [list(model._base_manager.order_by("pk").values()) for model in models]
    output = erase(person, placeholder)
    assert [list(model._base_manager.order_by("pk").values()) for model in models] == before
    assert {line.split()[0] for line in output.splitlines() if line.startswith(" ")} == {"0"}


def test_command_reports_numbers_and_the_texts_to_review(
    worked_on: HelpDeskTicket, person: Any, manager: Any, placeholder: Any
) -> None:
    worked_on.services.comment(manager, f"{person.get_username()} is on holiday.")
    output = erase(person, placeholder)
    name = placeholder.get_username()
    for line in (
        f"1 created tickets now belong to {name}",
        "1 assigned tickets were unassigned",
        f"1 comments are now by {name}",
        f"2 texts mention @{name} instead",
    ):
        assert line in " ".join(output.split())
    assert f"#{worked_on.pk}" in output


def test_account_is_kept_unless_it_is_to_be_deleted(
    worked_on: HelpDeskTicket, person: Any, placeholder: Any
) -> None:
    erase(person, placeholder)
    users = get_user_model()._default_manager.filter(pk=person.pk)
    assert users.exists()
    erase(person, placeholder, "--delete")
    assert not users.exists()
    assert HelpDeskTicket.objects.get().created_by == placeholder


def test_unknown_user_is_an_error(placeholder: Any) -> None:
    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        call_command(COMMAND, "nobody", "--no-input")


def test_placeholder_must_not_be_able_to_sign_in(person: Any, manager: Any) -> None:
    with pytest.raises(CommandError, match="is an active user"):
        erase(person, manager)


def test_user_cannot_be_their_own_placeholder(person: Any) -> None:
    with pytest.raises(CommandError, match="another user"):
        erase(person, person)


def test_user_cannot_be_their_own_placeholder_in_another_case(
    person: Any, database_alias: str
) -> None:
    if connections[database_alias].vendor != "mysql":
        pytest.skip("This database tells the usernames apart.")
    name = person.get_username()
    get_user_model()._default_manager.filter(pk=person.pk).update(is_active=False)
    with pytest.raises(CommandError, match="another user"):
        call_command(COMMAND, name, f"--placeholder={name.upper()}", "--no-input")


@pytest.mark.hosts("default", "no_email_user", "multi_db", "login_required", "use_tz_false")
def test_placeholder_is_created_without_a_password(worked_on: HelpDeskTicket, person: Any) -> None:
    call_command(COMMAND, person.get_username(), "--no-input", stdout=StringIO())
    placeholder = HelpDeskTicket.objects.get().created_by
    assert placeholder.get_username() == "deleted-user"
    assert not placeholder.is_active
    assert not placeholder.has_usable_password()


@pytest.mark.hosts("custom_user")
def test_placeholder_that_cannot_be_created_is_an_error(
    worked_on: HelpDeskTicket, person: Any
) -> None:
    with pytest.raises(CommandError, match="--placeholder") as caught:
        call_command(COMMAND, person.get_username(), "--no-input", stdout=StringIO())
    assert "email_address" in str(caught.value)
    assert HelpDeskTicket.objects.get().created_by == person


@pytest.mark.parametrize(("answer", "is_erased"), [("yes", True), ("y", False), ("", False)])
def test_command_asks_for_confirmation(
    worked_on: HelpDeskTicket,
    person: Any,
    placeholder: Any,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    is_erased: bool,
) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: answer)
    arguments = (person.get_username(), f"--placeholder={placeholder.get_username()}")
    if is_erased:
        call_command(COMMAND, *arguments, stdout=StringIO())
    else:
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command(COMMAND, *arguments, stdout=StringIO())
    assert (HelpDeskTicket.objects.get().created_by == placeholder) == is_erased


def test_nothing_is_erased_if_no_one_can_confirm_it(
    worked_on: HelpDeskTicket, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match="Use --no-input"):
        call_command(COMMAND, person.get_username())
    assert HelpDeskTicket.objects.get().created_by == person


def test_protected_account_is_not_deleted_and_nothing_is_erased(
    worked_on: HelpDeskTicket, person: Any, placeholder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        message = "protected"
        raise ProtectedError(message, {worked_on})

    monkeypatch.setattr(type(person), "delete", refuse)
    with pytest.raises(CommandError, match="cannot be deleted"):
        erase(person, placeholder, "--delete")
    assert HelpDeskTicket.objects.get().created_by == person


def test_number_of_queries_does_not_depend_on_the_number_of_rows(
    make_user: Callable[..., Any],
    manager: Any,
    placeholder: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    capture_queries: Callable[[], Any],
) -> None:
    counts = []
    for number in (1, 4):
        user = make_user(name=f"person{number}")
        for _ in range(number):
            ticket = create_ticket(created_by=user, description=f"Ask @{user.get_username()}.")
            ticket.services.comment(user, f"Me? @{user.get_username()}")
            HelpDeskTicket.objects.filter(pk=ticket.pk).update(assigned_to=user)
        with capture_queries() as queries:
            erase(user, placeholder)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_opt_out_of_the_address_is_deleted(
    person: Any, placeholder: Any, user_has_email: bool
) -> None:
    if not user_has_email:
        pytest.skip("This host's users have no email addresses.")
    UnsubscribedAddress.objects.create(address=email_of(person).upper())
    kept = UnsubscribedAddress.objects.create(address="other@example.com")
    erase(person, placeholder)
    assert list(UnsubscribedAddress.objects.all()) == [kept]


def test_error_of_a_paused_channel_no_longer_contains_the_address(
    person: Any, placeholder: Any, user_has_email: bool
) -> None:
    if not user_has_email:
        pytest.skip("This host's users have no email addresses.")
    now = timezone.now()
    error = f"The mail server failed 3 times (421 <{email_of(person)}> try later)."
    ChannelPause.objects.create(
        channel="email", started_datetime=now, until_datetime=now, error=error
    )
    assert "1 delivery errors no longer contain" in erase(person, placeholder)
    pause = ChannelPause.objects.get()
    name = placeholder.get_username()
    assert pause.error == f"The mail server failed 3 times (421 <{name}> try later)."
