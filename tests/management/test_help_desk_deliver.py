"""`manage.py help_desk_deliver`."""

from __future__ import annotations

import json
import logging
import os
import signal
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from help_desk.management.commands import help_desk_deliver
from help_desk.models import DeliveryRun, Notification
from tests.support import databases
from tests.support.live_host import live_host, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import Popen

    from help_desk.models import HelpDeskTicket
    from tests.support.live_host import LiveHost


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def waiting(create_ticket: Callable[..., HelpDeskTicket], reporter: Any) -> int:
    """Return the number of waiting emails."""
    create_ticket(created_by=reporter)
    count = Notification.objects.filter(channel="email", status="wait").count()
    assert count > 0
    return count


def test_waiting_emails_are_sent_once_and_reported_as_a_line_of_json(waiting: int) -> None:
    out = StringIO()
    call_command("help_desk_deliver", stdout=out)
    call_command("help_desk_deliver", stdout=out)
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["sent"], second["sent"]) == (waiting, 0)
    assert {"finished", "seconds", "retried", "failed", "deferred", "skipped"} < set(first)
    assert len(mail.outbox) == waiting


def test_progress_is_shown_on_a_terminal(waiting: int) -> None:
    out = Terminal()
    call_command("help_desk_deliver", stdout=out)
    steps = [step for step in out.getvalue().split("\r") if step]
    assert len(steps) == waiting + 1
    rest = "0 to retry, 0 deferred (channel unavailable), 0 failed, 0 skipped"
    assert steps[0] == f"1 sent, {rest}"
    assert steps[-1] == f"{waiting} sent, {rest}\n"


def test_run_is_recorded(waiting: int) -> None:
    call_command("help_desk_deliver", stdout=StringIO())
    run = DeliveryRun.objects.get()
    assert (run.source, run.sent) == ("command", waiting)


def test_idle_runs_are_not_recorded_each_time(db: None, capture_queries: Callable[[], Any]) -> None:
    call_command("help_desk_deliver", stdout=StringIO())
    with capture_queries() as queries:
        call_command("help_desk_deliver", stdout=StringIO())
    assert not [query for query in queries if query["sql"].startswith(("UPDATE", "INSERT"))]


def test_database_error_is_a_command_error(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        message = "the server closed the connection"
        raise OperationalError(message)

    monkeypatch.setattr("help_desk.delivery.runner.send_due", fail)
    with pytest.raises(CommandError, match="Cannot use the database: the server closed"):
        call_command("help_desk_deliver")


@pytest.mark.parametrize("interval", ["0", "-1", "nan"])
def test_interval_must_be_positive(db: None, interval: str) -> None:
    with pytest.raises(CommandError, match=f"--interval must be greater than 0, not {interval}"):
        call_command("help_desk_deliver", "--loop", f"--interval={interval}")


def test_loop_survives_a_long_outage_of_the_database(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def fail(*arguments: object) -> None:
        raise OperationalError

    def wait(seconds: float, stop: Callable[[], bool]) -> None:
        pauses.append(seconds)
        if len(pauses) == 1100:  # 18 hours
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("help_desk.delivery.runner.send_due", fail)
    monkeypatch.setattr(f"{help_desk_deliver.__name__}._wait", wait)
    logging.disable()
    try:
        call_command("help_desk_deliver", "--loop", "--interval=5")
    finally:
        logging.disable(logging.NOTSET)
    assert (pauses[0], pauses[-1]) == (10, 60)


# As a service

CREATE_TICKET = """
from django.contrib.auth import get_user_model  # noqa: E402 -- Django must be set up
from help_desk.models import HelpDeskTicket
user = get_user_model().objects.get_or_create(username="reporter")[0]
HelpDeskTicket.services.create(
    created_by=user, purpose="app", priority="low", description="Broken"
)
"""
CONNECTIONS = {
    databases.POSTGRES: "SELECT pid FROM pg_stat_activity WHERE datname = %s",
    databases.MARIADB: "SELECT id FROM information_schema.processlist WHERE db = %s",
}
BREAK = {databases.POSTGRES: "SELECT pg_terminate_backend(%s)", databases.MARIADB: "KILL %s"}


def break_connections(host: LiveHost) -> int:
    """Close the connections as a restart of the server does, and return their number."""
    server = ConnectionHandler({"default": host.database})["default"]
    with server._nodb_cursor() as cursor:
        cursor.execute(CONNECTIONS[databases.chosen()], [host.database["NAME"]])
        connections = cursor.fetchall()
        for connection in connections:
            cursor.execute(BREAK[databases.chosen()], connection)
    return len(connections)


def start_loop(host: LiveHost, **environment: str) -> Popen[str]:
    return host.start("help_desk_deliver", "--loop", "--interval=0.2", **environment)


def host_options(developers: int) -> dict[str, Any]:
    return {
        "ADMINS": [("", f"dev{number}@example.com") for number in range(developers)],
        "HELP_DESK": {"DELIVERY": "command", "SITE_URL": "https://intranet.example.com"},
    }


@pytest.mark.hosts("default")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_loop_stops_after_the_message_that_is_being_sent(
    tmp_path: Path, number: signal.Signals
) -> None:
    with live_host(tmp_path, **host_options(30)) as host:
        host.python(CREATE_TICKET)
        loop = start_loop(host, MAIL_SECONDS="0.3")
        wait_until(lambda: host.mails().total() >= 2, "mail")
        loop.send_signal(number)
        out, _nothing = loop.communicate(timeout=5)
        assert loop.returncode == 0, host.logs()
        sent = host.mails().total()
        assert sent < 30
        assert [json.loads(line)["sent"] for line in out.splitlines()] == [sent]
        assert host.statuses() == {"sent": sent, "wait": 30 - sent}
        # The rows that the run had claimed are released and due at once.
        host.manage("help_desk_deliver")
        assert host.statuses() == {"sent": 30}
        assert set(host.mails().values()) == {1}


@pytest.mark.hosts("default")
def test_idle_loop_prints_nothing_and_stops_at_once(tmp_path: Path) -> None:
    with live_host(tmp_path, **host_options(2)) as host:
        loop = host.start("help_desk_deliver", "--loop", "--interval=600")
        count = "from help_desk.models import DeliveryRun; print(DeliveryRun.objects.count())"
        wait_until(lambda: host.python(count) == "1\n", "record of a run")
        loop.send_signal(signal.SIGTERM)
        assert loop.communicate(timeout=5) == ("", None)
        assert loop.returncode == 0, host.logs()


@pytest.mark.hosts("default")
@pytest.mark.skipif(
    databases.chosen() == databases.SQLITE, reason="SQLite has no server to restart"
)
def test_loop_survives_a_restart_of_the_database(tmp_path: Path, db: None) -> None:
    with live_host(tmp_path, **host_options(4)) as host:
        loop = start_loop(host, MAIL_SECONDS="1.5")
        for total in (4, 8):
            host.python(CREATE_TICKET)
            wait_until(lambda total=total: len(host.mails()) == total - 3, "mail before")
            # In the middle of a batch: its connection breaks while a message is sent.
            assert break_connections(host) >= 1
            wait_until(lambda total=total: len(host.mails()) == total, f"mail after\n{host.logs()}")
        wait_until(lambda: host.statuses() == {"sent": 8}, "record of everything")
        assert loop.poll() is None
        assert set(host.mails().values()) == {1}
        os.kill(loop.pid, signal.SIGTERM)
        assert loop.wait(timeout=10) == 0
