"""Concurrent requests."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from help_desk.enums import EmailFrequency, NotificationKind
from help_desk.exceptions import RateLimitError, TicketConflictError
from help_desk.models import (
    EmailSchedule,
    HelpDeskTicket,
    Notification,
    NotificationPreference,
    TicketFollower,
    TicketSubmission,
)
from help_desk.services.flows.create import create_ticket
from help_desk.services.preferences import set_email_frequency, set_preferences
from tests.support import databases
from tests.support.isolated import run_in_new_host
from tests.support.mail import mail_through
from tests.support.notifications import history
from tests.support.threads import needs_concurrent_writers, run_in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.hosts("default")
def test_concurrent_requests_wait_for_each_other_on_a_sqlite_file(tmp_path: Path) -> None:
    # Django's defaults: deferred transactions, five seconds to wait for a lock.
    script = """
    import django
    django.setup()
    from django.core import mail
    from django.core.management import call_command
    from django.contrib.auth.models import User
    from help_desk.models import HelpDeskTicket, Notification
    from tests.support.threads import run_in_parallel
    call_command("migrate", verbosity=0)
    mail.outbox = []
    User.objects.create_superuser("manager")
    users = [User.objects.create_user(f"user{n}") for n in range(8)]

    def work(user):
        for number in range(3):
            ticket = HelpDeskTicket.services.create(
                user, purpose="app", priority="low", description=user.username
            )
            ticket.services.update(actor=user, status="prog")
            ticket.services.notification.create_new_ticket_notifications()

    errors = run_in_parallel(*[lambda user=user: work(user) for user in users])
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
    run_in_new_host(
        tmp_path,
        script,
        HELP_DESK={"SITE_URL": "https://intranet.example.com"},
        **mail_through("django.core.mail.backends.locmem.EmailBackend"),
    )


@pytest.mark.hosts("default")
def test_concurrent_work_on_one_ticket_on_a_sqlite_file(tmp_path: Path) -> None:
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
    from tests.support.threads import run_in_parallel
    call_command("migrate", verbosity=0)
    mail.outbox = []
    users = [User.objects.create_superuser(f"user{n}", f"user{n}@example.com") for n in range(8)]
    ticket = HelpDeskTicket.services.create(
        users[0], purpose="app", priority="low", description="It hums."
    )

    def work(user):
        mine = HelpDeskTicket.objects.get()
        for number in range(3):
            mine.services.follow(user)
            mine.services.comment(user, f"{number} for @user0 and @user1.")
            mine.services.assign(user, actor=user)
            mine.services.mute(user)
            set_preferences(user, {("reply", "email"): bool(number), ("status", "email"): None})
            set_email_frequency(user, "day")
            mine.services.start(user)

    errors = run_in_parallel(*[lambda user=user: work(user) for user in users])
    assert not errors, errors
    assert ticket.comments.count() == 24
    followers = list(TicketFollower.objects.values_list("user", flat=True))
    assert sorted(followers) == sorted(user.pk for user in users)
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


@pytest.mark.hosts("default")
def test_form_submitted_several_times_concurrently_on_a_sqlite_file(tmp_path: Path) -> None:
    script = """
    import django
    django.setup()
    from uuid import uuid4
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from help_desk.models import HelpDeskTicket
    from help_desk.services.flows.create import create_ticket
    from tests.support.threads import run_in_parallel
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("user")
    fields = {"purpose": "app", "priority": "low", "description": "It hums."}

    def submit():
        for token in tokens:
            create_ticket(HelpDeskTicket(), created_by=user, submission_token=token, **fields)

    tokens = [uuid4() for _number in range(5)]
    errors = run_in_parallel(*[submit] * 4)
    assert not errors, errors
    assert HelpDeskTicket.objects.count() == 5
    """
    run_in_new_host(
        tmp_path, script, **mail_through("django.core.mail.backends.locmem.EmailBackend")
    )


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_record_their_own_users(make_user: Callable[..., Any]) -> None:
    users = [make_user(name=f"user{number}") for number in range(8)]

    def work(user: Any) -> None:
        for _number in range(4):
            ticket = HelpDeskTicket.services.create(
                user, purpose="app", priority="low", description=str(user.pk)
            )
            ticket.services.update(actor=user, status="prog")

    assert run_in_parallel(*(partial(work, user) for user in users)) == []
    tickets = list(HelpDeskTicket.objects.all())
    assert len(tickets) == 32
    for ticket in tickets:
        assert str(ticket.created_by_id) == ticket.description
        assert {event.actor_id for event in ticket.events.all()} == {ticket.created_by_id}
    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [None, 1], ids=["no-limit", "at-the-limit"])
@pytest.mark.parametrize("atomic_requests", [False, True], ids=["autocommit", "atomic-requests"])
def test_form_submitted_several_times_concurrently_creates_one_ticket(
    reporter: Any,
    manager: Any,
    settings: Any,
    database_alias: str,
    limit: int | None,
    atomic_requests: bool,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "MAX_TICKETS_PER_HOUR": limit}
    fields = {"purpose": "app", "priority": "low", "description": "It hums."}
    token = uuid4()
    found = []

    def submit() -> None:
        with transaction.atomic(using=database_alias) if atomic_requests else nullcontext():
            result = create_ticket(
                HelpDeskTicket(),
                created_by=reporter,
                submission_token=token,
                enforce_limits=True,
                **fields,
            )
        found.append(result.ticket)

    assert run_in_parallel(*[submit] * 4) == []
    assert found == [HelpDeskTicket.objects.get()] * 4
    assert TicketSubmission.objects.count() == 1
    assert Notification.objects.filter(recipient=manager).count() == 1


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_replies_sent_concurrently_to_one_ticket_stop_at_the_limit(
    ticket: HelpDeskTicket, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "MAX_REPLIES_PER_HOUR": 2}

    def reply() -> None:
        mine = HelpDeskTicket.objects.get()
        mine.services.comment(reporter, "Hello.", enforce_limits=True)

    errors = run_in_parallel(*[reply] * 5)
    assert [type(error) for error in errors] == [RateLimitError] * 3
    assert ticket.comments.count() == 2


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_get_for_update_locks_the_row_until_the_end_of_the_transaction(
    ticket: HelpDeskTicket, make_ticket: Callable[..., HelpDeskTicket], database_alias: str
) -> None:
    def lock(pk: int) -> None:
        with transaction.atomic(using=database_alias):
            HelpDeskTicket.objects.select_for_update(nowait=True).get(pk=pk)

    other = make_ticket()
    with transaction.atomic(using=database_alias):
        assert HelpDeskTicket.objects.get_for_update(ticket.pk) == ticket
        (error,) = run_in_parallel(partial(lock, ticket.pk))
        assert isinstance(error, DatabaseError)
        assert run_in_parallel(partial(lock, other.pk)) == []
    assert run_in_parallel(partial(lock, ticket.pk)) == []


@pytest.mark.django_db
def test_get_for_update_begins_with_a_lock_or_a_write(
    ticket: HelpDeskTicket, capture_queries: Callable[[], Any], database_alias: str
) -> None:
    with transaction.atomic(using=database_alias), capture_queries() as queries:
        HelpDeskTicket.objects.get_for_update(ticket.pk)
    sql = queries[0]["sql"]
    # SQLite has no row locks; a write locks the database.
    if databases.chosen() == databases.SQLITE:
        assert sql.startswith("UPDATE")
    else:
        assert sql.endswith("FOR UPDATE")


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_concurrent_calls_notify_each_user_once(
    make_ticket: Callable[..., HelpDeskTicket], manager: Any
) -> None:
    ticket = make_ticket(created_by=manager)
    notify = ticket.services.notification.create_new_ticket_notifications
    assert run_in_parallel(*[notify] * 4) == []
    assert Notification.objects.filter(recipient=manager).count() == 1


@pytest.fixture
def agents(make_user: Callable[..., Any], grant: Callable[..., Any]) -> list[Any]:
    return [grant(make_user(name=f"agent{number}"), "add", "change", "view") for number in range(6)]


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_concurrent_assignments_form_a_chain_in_the_history(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    def assign(agent: Any) -> None:
        HelpDeskTicket.objects.get(pk=ticket.pk).services.assign(agent, actor=agent)

    assert run_in_parallel(*(partial(assign, agent) for agent in agents)) == []
    chain = [changes["assigned_to"] for changes in history(ticket)[1:]]
    assert len(chain) == len(agents)
    assert [old for old, _new in chain] == [None, *(new for _old, new in chain[:-1])]
    ticket.refresh_from_db()
    assert str(ticket.assigned_to_id) == str(chain[-1][1])


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_concurrent_edits_of_one_field_save_one_and_raise_conflicts_for_the_rest(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    base = ticket.services.version
    values = ["low", "high", "urge"]

    def save(agent: Any, priority: str) -> None:
        mine = HelpDeskTicket.objects.get(pk=ticket.pk)
        mine.services.update(agent, base_version=base, priority=priority)

    errors = run_in_parallel(*map(partial, [save] * 3, agents, values))
    assert [type(error) for error in errors] == [TicketConflictError] * 2
    ticket.refresh_from_db()
    assert history(ticket)[1:] == [{"priority": ["med", ticket.priority]}]


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_concurrent_edits_of_different_fields_are_all_saved(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    base = ticket.services.version
    form = {"priority": "med", "status": "read", "purpose": "app", "description": "It hums."}
    HelpDeskTicket.objects.update(description=form["description"])
    mine = {"priority": "low", "status": "done", "purpose": "comp", "description": "It rattles."}

    def save(agent: Any, name: str) -> None:
        ticket = HelpDeskTicket.objects.get()
        ticket.services.update(agent, base_version=base, **form | {name: mine[name]})

    assert run_in_parallel(*map(partial, [save] * 4, agents, mine)) == []
    saved = HelpDeskTicket.objects.get()
    assert {name: getattr(saved, name) for name in mine} == mine


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_concurrent_comments_are_all_saved_and_authors_follow_once(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    name = agents[0].get_username()

    def comment(agent: Any) -> None:
        for number in range(3):
            ticket = HelpDeskTicket.objects.get()
            ticket.services.comment(agent, f"{number}: @{name}, look.")
            ticket.services.follow(agent)

    assert run_in_parallel(*(partial(comment, agent) for agent in [*agents, *agents[:2]])) == []
    assert ticket.comments.count() == 24
    followers = list(TicketFollower.objects.values_list("user_id", flat=True))
    assert sorted(followers, key=str) == sorted((agent.pk for agent in agents), key=str)


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_reply_submitted_several_times_concurrently_is_saved_once(
    ticket: HelpDeskTicket, agents: list[Any]
) -> None:
    base = ticket.services.version

    def reply() -> None:
        mine = HelpDeskTicket.objects.get()
        mine.services.comment(agents[0], "Hello.", base_version=base)

    assert run_in_parallel(*[reply] * 4) == []
    assert ticket.comments.count() == 1


@needs_concurrent_writers
@pytest.mark.django_db(transaction=True)
def test_preferences_saved_concurrently_are_stored_once(agents: list[Any]) -> None:
    def save(agent: Any) -> None:
        set_preferences(agent, {(kind, "email"): False for kind in NotificationKind})
        set_email_frequency(agent, EmailFrequency.DAILY)

    assert run_in_parallel(*(partial(save, agent) for agent in [*agents, *agents[:2]])) == []
    assert NotificationPreference.objects.count() == len(agents) * len(NotificationKind)
    assert EmailSchedule.objects.count() == len(agents)
