"""Many requests at the same time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from help_desk.models import HelpDeskTicket, Notification
from tests import databases
from tests.isolated import run_in_new_host
from tests.mail import mail_through

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
                ticket.services.update(by=person, status="prog")
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    databases.chosen() == databases.SQLITE, reason="a SQLite database in memory has one writer"
)
def test_parallel_requests_do_not_mix_people_up(make_user: Callable[..., Any]) -> None:
    people = [make_user(name=f"person{number}") for number in range(8)]
    start = threading.Barrier(len(people))
    errors: list[BaseException] = []

    def work(person: Any) -> None:
        try:
            start.wait()
            for _ in range(4):
                ticket = HelpDeskTicket.services.create(
                    person, purpose="app", priority="low", description=str(person.pk)
                )
                ticket.services.update(by=person, status="prog")
        except BaseException as error:  # noqa: BLE001 -- the main thread looks at it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    tickets = list(HelpDeskTicket.objects.all())
    assert len(tickets) == 32
    for ticket in tickets:
        assert str(ticket.created_by_id) == ticket.description
        assert {event.actor_id for event in ticket.events.all()} == {ticket.created_by_id}
    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    databases.chosen() == databases.SQLITE, reason="a SQLite database in memory has one writer"
)
def test_people_are_told_once_by_parallel_calls(
    make_ticket: Callable[..., HelpDeskTicket], manager: Any
) -> None:
    ticket = make_ticket(created_by=manager)
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            start.wait()
            ticket.services.notification.create_new_ticket_notifications()
        except BaseException as error:  # noqa: BLE001 -- the main thread looks at it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Notification.objects.filter(recipient=manager).count() == 1
