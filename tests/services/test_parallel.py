"""Many requests at the same time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from help_desk.enums import EmailFrequency, NotificationKind
from help_desk.exceptions import TicketConflictError
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    Notification,
    NotificationPreference,
    TicketFollower,
)
from help_desk.services.preferences import set_email_frequency, set_preferences
from tests.support.isolated import run_in_new_host
from tests.support.mail import mail_through
from tests.support.telling import history
from tests.support.threads import at_once, needs_a_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.hosts("default")
def test_parallel_requests_wait_for_each_other_on_a_sqlite_file(tmp_path: Path) -> None:
    # Django's defaults: deferred transactions, five seconds to wait for a lock.
    script = """
    import threading
    import django
    django.setup()
    from django.core import mail
    from django.core.management import call_command
    from django.db import connection
    from django.contrib.auth.models import User
    from help_desk.models import HelpDeskTicket, Notification, TicketEvent
    call_command("migrate", verbosity=0)
    mail.outbox = []
    User.objects.create_superuser("manager")
    people = [User.objects.create_user(f"person{n}") for n in range(8)]
    start = threading.Barrier(len(people))
    errors = []

    def work(person):
        try:
            start.wait()
            for number in range(3):
                ticket = HelpDeskTicket.services.create(
                    person, purpose="app", priority="low", description=person.username
                )
                ticket.services.update(actor=person, status="prog")
                ticket.services.notification.create_new_ticket_notifications()
        except Exception as error:
            errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    assert HelpDeskTicket.objects.count() == 24
    for ticket in HelpDeskTicket.objects.select_related("created_by"):
        assert ticket.created_by.username == ticket.description
        assert {event.actor for event in ticket.events.all()} == {ticket.created_by}
    assert Notification.objects.filter(channel="in_app").count() == 24
    statuses = set(Notification.objects.filter(channel="email").values_list("status", flat=True))
    assert statuses == {"sent"}, statuses
    assert len(mail.outbox) == 24
    """
    backend = "django.core.mail.backends.locmem.EmailBackend"
    run_in_new_host(
        tmp_path,
        script,
        HELP_DESK={"SITE_URL": "https://intranet.example.com"},
        **mail_through(backend),
    )


@pytest.mark.hosts("default")
def test_people_talk_at_once_on_a_sqlite_file(tmp_path: Path) -> None:
    script = """
    import django
    django.setup()
    from django.contrib.auth.models import User
    from django.core import mail
    from django.core.management import call_command
    from help_desk.models import (
        EmailSchedule, HelpDeskTicket, Notification, NotificationPreference, TicketFollower,
    )
    from help_desk.services.preferences import set_preferences, set_email_frequency
    from tests.support.threads import at_once
    call_command("migrate", verbosity=0)
    mail.outbox = []
    people = [User.objects.create_superuser(f"person{n}", f"p{n}@example.com") for n in range(8)]
    ticket = HelpDeskTicket.services.create(
        people[0], purpose="app", priority="low", description="Many talk."
    )

    def work(person):
        mine = HelpDeskTicket.objects.get()
        for number in range(3):
            mine.services.follow(person)
            mine.services.comment(person, f"{number} for @person0 and @person1.")
            mine.services.assign(person, actor=person)
            mine.services.mute(person)
            set_preferences(person, {("reply", "email"): bool(number), ("status", "email"): None})
            set_email_frequency(person, "day")
            mine.services.start(person)

    errors = at_once(*[lambda person=person: work(person) for person in people])
    assert not errors, errors
    assert ticket.comments.count() == 24
    followers = list(TicketFollower.objects.values_list("user", flat=True))
    assert sorted(followers) == sorted(person.pk for person in people)
    assert NotificationPreference.objects.count() == EmailSchedule.objects.count() == 8
    chain = [
        change for changes in ticket.events.order_by("pk").values_list("changes", flat=True)
        if (change := changes.get("assigned_to"))
    ]
    assert [old for old, new in chain] == [None, *(new for old, new in chain[:-1])]
    """
    run_in_new_host(
        tmp_path,
        script,
        HELP_DESK={"SITE_URL": "https://intranet.example.com"},
        **mail_through("django.core.mail.backends.locmem.EmailBackend"),
    )


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_parallel_requests_do_not_mix_people_up(make_user: Callable[..., Any]) -> None:
    people = [make_user(name=f"person{number}") for number in range(8)]

    def work(person: Any) -> None:
        for _number in range(4):
            ticket = HelpDeskTicket.services.create(
                person, purpose="app", priority="low", description=str(person.pk)
            )
            ticket.services.update(actor=person, status="prog")

    assert at_once(*(partial(work, person) for person in people)) == []
    tickets = list(HelpDeskTicket.objects.all())
    assert len(tickets) == 32
    for ticket in tickets:
        assert str(ticket.created_by_id) == ticket.description
        assert {event.actor_id for event in ticket.events.all()} == {ticket.created_by_id}
    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_people_are_told_once_by_parallel_calls(
    make_ticket: Callable[..., HelpDeskTicket], manager: Any
) -> None:
    ticket = make_ticket(created_by=manager)
    tell = ticket.services.notification.create_new_ticket_notifications
    assert at_once(*[tell] * 4) == []
    assert Notification.objects.filter(recipient=manager).count() == 1


@pytest.fixture
def agents(make_user: Callable[..., Any], grant: Callable[..., Any]) -> list[Any]:
    return [grant(make_user(name=f"agent{number}"), "add", "change", "view") for number in range(6)]


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_people_who_take_a_ticket_at_once_follow_each_other_in_its_history(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    def take(agent: Any) -> None:
        HelpDeskTicket.objects.get(pk=ticket.pk).services.assign(agent, actor=agent)

    assert at_once(*(partial(take, agent) for agent in agents)) == []
    chain = [changes["assigned_to"] for changes in history(ticket)[1:]]
    assert len(chain) == len(agents)
    assert [old for old, _new in chain] == [None, *(new for _old, new in chain[:-1])]
    ticket.refresh_from_db()
    assert str(ticket.assigned_to_id) == str(chain[-1][1])


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_of_people_who_save_one_page_at_once_one_wins_and_the_others_are_told(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    drawn = ticket.services.version
    values = ["low", "high", "urge"]

    def save(agent: Any, priority: str) -> None:
        mine = HelpDeskTicket.objects.get(pk=ticket.pk)
        mine.services.update(agent, base_version=drawn, priority=priority)

    errors = at_once(*map(partial, [save] * 3, agents, values))
    assert [type(error) for error in errors] == [TicketConflictError] * 2
    ticket.refresh_from_db()
    assert history(ticket)[1:] == [{"priority": ["med", ticket.priority]}]


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_nobodys_field_is_lost_when_each_changes_another(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    drawn = ticket.services.version
    page = {"priority": "med", "status": "read", "purpose": "app", "description": "It hums."}
    HelpDeskTicket.objects.update(description=page["description"])
    mine = {"priority": "low", "status": "done", "purpose": "comp", "description": "It sings."}

    def save(agent: Any, name: str) -> None:
        ticket = HelpDeskTicket.objects.get()
        ticket.services.update(agent, base_version=drawn, **page | {name: mine[name]})

    assert at_once(*map(partial, [save] * 4, agents, mine)) == []
    saved = HelpDeskTicket.objects.get()
    assert {name: getattr(saved, name) for name in mine} == mine


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_everybody_who_talks_at_once_is_heard_and_follows_once(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    name = agents[0].get_username()

    def talk(agent: Any) -> None:
        for number in range(3):
            ticket = HelpDeskTicket.objects.get()
            ticket.services.comment(agent, f"{number}: @{name}, look.")
            ticket.services.follow(agent)

    assert at_once(*(partial(talk, agent) for agent in [*agents, *agents[:2]])) == []
    assert ticket.comments.count() == 24
    followers = list(TicketFollower.objects.values_list("user_id", flat=True))
    assert sorted(followers, key=str) == sorted((agent.pk for agent in agents), key=str)


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_same_reply_sent_several_times_at_once_is_written_once(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    drawn = ticket.services.version

    def reply() -> None:
        mine = HelpDeskTicket.objects.get()
        mine.services.comment(agents[0], "Hello.", base_version=drawn)

    assert at_once(*[reply] * 4) == []
    assert ticket.comments.count() == 1


@needs_a_server
@pytest.mark.django_db(transaction=True)
def test_wishes_saved_several_times_at_once_are_kept_once(agents: list[Any]) -> None:
    def wish(agent: Any) -> None:
        set_preferences(agent, {(kind, "email"): False for kind in NotificationKind})
        set_email_frequency(agent, EmailFrequency.DAILY)

    assert at_once(*(partial(wish, agent) for agent in [*agents, *agents[:2]])) == []
    assert NotificationPreference.objects.count() == len(agents) * len(NotificationKind)
    assert EmailSchedule.objects.count() == len(agents)
