"""Two concurrent workers of each of two backends, one of which is killed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.live_host import live_host, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import Popen

    from tests.support.live_host import LiveHost

# These tests create their own hosts.
pytestmark = pytest.mark.hosts("default")

DEVELOPERS = 40
TICKETS = 4
CREATE_TICKETS = f"""
from django.contrib.auth import get_user_model  # noqa: E402 -- Django must be set up
from help_desk.models import HelpDeskTicket
user = get_user_model().objects.get_or_create(username="reporter")[0]
for number in range({TICKETS}):
    HelpDeskTicket.services.create(
        created_by=user, purpose="app", priority="low", description=f"No {{number}}"
    )
"""


@contextmanager
def host_with(folder: Path, backend: str, *apps: str, **settings: Any) -> Iterator[LiveHost]:
    developers = [f"dev{number}@example.com" for number in range(DEVELOPERS)]
    with live_host(
        folder,
        INSTALLED_APPS=list(apps),
        ADMINS=[("", address) for address in developers],
        HELP_DESK={"DELIVERY": "task", "SITE_URL": "https://intranet.example.com"},
        TASKS={"default": {"BACKEND": backend}},
        **settings,
    ) as host:
        yield host


def kill_one_and_wait_for_all_messages(
    host: LiveHost, survivor: Popen[str], victim: Popen[str]
) -> None:
    total = DEVELOPERS * TICKETS
    wait_until(
        lambda: len(host.senders()) == 2 and host.mails().total() > 20,
        f"mail from both workers\n{host.logs()}",
    )
    host.kill(victim)
    assert host.mails().total() < total
    # Nothing is enqueued from outside: tasks schedule the next one themselves.
    wait_until(lambda: len(host.mails()) == total, "delivery of the rest")
    assert survivor.poll() is None
    wait_until(lambda: host.statuses() == {"sent": total}, "record of everything")
    assert host.mails().total() - total <= 1  # at most one duplicate per killed worker


def test_database_workers_deliver_everything_if_one_is_killed(tmp_path: Path) -> None:
    pytest.importorskip("django_tasks_db", reason="django-tasks-db is not installed")
    backend = "django_tasks_db.DatabaseBackend"
    with host_with(tmp_path, backend, "django_tasks_db") as host:
        host.python(CREATE_TICKETS)
        assert host.mails().total() == 0
        options = ["--interval", "0.1", "--no-startup-delay"]
        survivor, victim = (
            host.start("db_worker", *options, MAIL_SECONDS="0.03") for _ in range(2)
        )
        kill_one_and_wait_for_all_messages(host, survivor, victim)


@pytest.fixture
def redis_database() -> Iterator[int]:
    """The number of an unused Redis database; it is emptied afterwards."""
    redis = pytest.importorskip("redis", reason="redis is not installed")
    address = {
        "host": os.environ.get("HELP_DESK_TEST_REDIS_HOST", "127.0.0.1"),
        "port": int(os.environ.get("HELP_DESK_TEST_REDIS_PORT", "6379")),
    }
    for number in range(15, 0, -1):
        with redis.Redis(**address, db=number) as server:
            try:
                if server.dbsize() or not server.set("help_desk_tests", 1, nx=True):
                    continue
            except redis.ConnectionError as error:
                pytest.skip(f"no Redis server: {error}")
            yield number
            server.flushdb()
            return
    pytest.skip("every database of the Redis server is in use")


def test_redis_workers_deliver_everything_if_one_is_killed(
    tmp_path: Path, redis_database: int
) -> None:
    pytest.importorskip("django_tasks_rq", reason="django-tasks-rq is not installed")
    queue = {
        "HOST": os.environ.get("HELP_DESK_TEST_REDIS_HOST", "127.0.0.1"),
        "PORT": int(os.environ.get("HELP_DESK_TEST_REDIS_PORT", "6379")),
        "DB": redis_database,
    }
    backend = "django_tasks_rq.RQBackend"
    with host_with(tmp_path, backend, "django_rq", RQ_QUEUES={"default": queue}) as host:
        host.python(CREATE_TICKETS)
        assert host.mails().total() == 0
        command = ["rqworker", "default", "--job-class", "django_tasks_rq.Job"]
        survivor = host.start(*command, "--with-scheduler", MAIL_SECONDS="0.03")
        victim = host.start(*command, MAIL_SECONDS="0.03")
        kill_one_and_wait_for_all_messages(host, survivor, victim)
