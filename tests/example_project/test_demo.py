"""`manage.py demo` creates realistic data, keeps existing data, and starts the server."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.example_project.smtp_server import running_server
from tests.support import databases
from tests.support.demonstration import Demonstration, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

MAILS = 8
"""The maximum number of emails in the folder after seeding."""

CREATE_THREE_TICKETS = """
from accounts.models import User
from help_desk.models import HelpDeskTicket

for text in ("One", "Two", "Three"):
    HelpDeskTicket().services.create(
        User.objects.get(username="rosa"), purpose="app", priority="low", description=text
    )
"""

pytestmark = [
    pytest.mark.hosts("default"),
    pytest.mark.skipif(
        databases.chosen() != "sqlite", reason="The example project uses its own SQLite database."
    ),
]


@pytest.fixture(scope="module")
def created_demo(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """The data of `demo`, created once per module; `demonstration` is a copy to change."""
    demonstration = Demonstration(tmp_path_factory.mktemp("demonstration"))
    done = demonstration.manage("demo", "--no-server", cwd=demonstration.folder)
    assert done.returncode == 0, done.stderr
    demonstration.output = done.stdout
    return demonstration


@pytest.fixture
def demonstration(created_demo: Demonstration, tmp_path: Path) -> Demonstration:
    shutil.copytree(created_demo.folder, tmp_path / "data")
    return Demonstration(tmp_path / "data")


def query(demonstration: Demonstration, sql: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(demonstration.database)) as connection, connection:
        return connection.execute(sql, values).fetchall()


def count_tickets(demonstration: Demonstration, condition: str = "1 = 1") -> int:
    sql = f"SELECT count(*) FROM django_spire_help_desk_ticket WHERE {condition}"  # noqa: S608
    return query(demonstration, sql)[0][0]


def test_console_shows_address_users_password_and_mail_folder(created_demo: Demonstration) -> None:
    assert "http://127.0.0.1:8000/" in created_demo.output
    assert str(created_demo.folder / "mail") in created_demo.output
    for word in ("rosa", "mona", "dora", "igor", "Password     demo"):
        assert word in created_demo.output


def test_about_two_hundred_tickets_cover_half_a_year(created_demo: Demonstration) -> None:
    assert 180 <= count_tickets(created_demo) <= 230
    assert count_tickets(created_demo, "created_datetime > datetime('now', '-14 days')") >= 8
    assert count_tickets(created_demo, "created_datetime < datetime('now', '-150 days')") >= 8
    assert count_tickets(created_demo, "created_datetime > datetime('now')") == 0
    assert 1 <= count_tickets(created_demo, "is_deleted") <= 15


def test_descriptions_vary(created_demo: Demonstration) -> None:
    texts = [
        text
        for (text,) in query(created_demo, "SELECT description FROM django_spire_help_desk_ticket")
    ]
    assert len(set(texts)) == len(texts)
    assert len({text[:25] for text in texts}) >= 60
    assert min(map(len, texts)) < 60
    assert max(map(len, texts)) > 300


def test_most_old_tickets_are_done_and_some_are_open(created_demo: Demonstration) -> None:
    old = "NOT is_deleted AND created_datetime < datetime('now', '-60 days')"
    assert count_tickets(created_demo, f"{old} AND status = 'done'") > 0.8 * count_tickets(
        created_demo, old
    )
    assert count_tickets(created_demo, f"{old} AND status != 'done'") >= 2
    new = "NOT is_deleted AND created_datetime > datetime('now', '-14 days')"
    for status in ("read", "prog", "done"):
        assert count_tickets(created_demo, f"{new} AND status = '{status}'") >= 1


def test_events_are_in_order_of_time(created_demo: Demonstration) -> None:
    events = query(
        created_demo,
        "SELECT ticket_id, created_datetime FROM django_spire_help_desk_ticket_event ORDER BY id",
    )
    times = [time for _ticket, time in events]
    assert times == sorted(times)
    assert len(events) > 1.5 * count_tickets(created_demo)
    (future,) = query(
        created_demo,
        "SELECT count(*) FROM django_spire_help_desk_ticket_event "
        "WHERE created_datetime > datetime('now')",
    )[0]
    assert future == 0


@pytest.mark.parametrize("username", ["mona", "dora"])
def test_inboxes_have_a_few_unread_entries(created_demo: Demonstration, username: str) -> None:
    ((total, unread),) = query(
        created_demo,
        "SELECT count(*), sum(read_datetime IS NULL) FROM django_spire_help_desk_notification "
        "JOIN accounts_user ON accounts_user.id = recipient_id "
        "WHERE channel = 'in_app' AND username = ?",
        username,
    )
    assert 1 <= unread <= 15
    assert total > 180


def test_comments_and_first_responses_are_consistent(created_demo: Demonstration) -> None:
    ((replies, notes),) = query(
        created_demo,
        "SELECT sum(NOT is_internal), sum(is_internal) FROM django_spire_help_desk_ticket_comment",
    )
    assert replies >= 200
    assert notes >= 30
    texts = query(created_demo, "SELECT text FROM django_spire_help_desk_ticket_comment")
    assert not any("{" in text for (text,) in texts)
    assert count_tickets(created_demo, "first_response_datetime < created_datetime") == 0
    for condition in (
        "assigned_to_id IS NOT NULL AND status = 'prog'",
        "status = 'done' AND done_datetime IS NOT NULL",
        "first_response_datetime IS NOT NULL AND first_response_datetime < done_datetime",
    ):
        assert count_tickets(created_demo, condition) >= 3
    assert count_tickets(created_demo, "status = 'prog' AND assigned_to_id IS NULL") == 0
    # A comment has the time of its event, not the time of seeding.
    different = query(
        created_demo,
        "SELECT count(*) FROM django_spire_help_desk_ticket_comment c "
        "JOIN django_spire_help_desk_ticket_event e "
        "ON e.comment_id = c.id WHERE c.created_datetime != e.created_datetime",
    )
    assert different == [(0,)]


def test_creator_gets_no_internal_notes_and_has_unread_entries(created_demo: Demonstration) -> None:
    rows = query(
        created_demo,
        "SELECT is_internal, read_datetime IS NULL FROM django_spire_help_desk_notification n "
        "JOIN accounts_user u ON u.id = n.recipient_id "
        "JOIN django_spire_help_desk_ticket_event e ON e.id = n.event_id "
        "LEFT JOIN django_spire_help_desk_ticket_comment c ON c.id = e.comment_id "
        "WHERE username = 'rosa' AND channel = 'in_app'",
    )
    assert {is_internal for is_internal, _unread in rows} == {None, 0}
    assert 1 <= sum(unread for _internal, unread in rows) <= 2


def test_mail_folder_has_only_the_newest_mails(created_demo: Demonstration) -> None:
    newest = {
        number
        for (number,) in query(
            created_demo,
            "SELECT DISTINCT ticket_id FROM django_spire_help_desk_ticket_event "
            "WHERE id > (SELECT max(id) - 30 FROM django_spire_help_desk_ticket_event)",
        )
    }
    mails = created_demo.mails()
    assert 3 <= len(mails) <= MAILS
    for mail in mails:
        number = re.search(r"Ticket #(\d+):", mail["Subject"])
        assert number is not None
        assert int(number[1]) in newest
        assert f"<help-desk.ticket.{number[1]}@" in f"{mail['Message-ID']} {mail['References']}"
    waiting = query(
        created_demo,
        "SELECT count(*) FROM django_spire_help_desk_notification WHERE status != 'sent'",
    )
    assert waiting == [(0,)]


def test_second_run_keeps_data_and_fresh_starts_over(
    demonstration: Demonstration,
) -> None:
    total, mails = count_tickets(demonstration), len(demonstration.mails())
    query(
        demonstration, "UPDATE django_spire_help_desk_ticket SET description = 'Mine' WHERE id = 1"
    )

    again = demonstration.manage("demo", "--no-server")
    assert again.returncode == 0, again.stderr
    assert "Keeping" in again.stdout
    assert count_tickets(demonstration) == total
    assert count_tickets(demonstration, "description = 'Mine'") == 1
    assert len(demonstration.mails()) == mails

    fresh = demonstration.manage("demo", "--no-server", "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    assert count_tickets(demonstration) == total
    assert count_tickets(demonstration, "description = 'Mine'") == 0
    assert len(demonstration.mails()) == mails


@pytest.fixture
def used_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_used_port_is_reported_before_data_is_created(tmp_path: Path, used_port: int) -> None:
    demonstration = Demonstration(tmp_path / "data")
    done = demonstration.manage("demo", "--fresh", "--port", str(used_port))
    assert done.returncode == 1
    assert f"Port {used_port} is already in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert not demonstration.database.exists()


@pytest.mark.parametrize("port", ["0", "65536", "eighty"])
def test_invalid_port_is_rejected(tmp_path: Path, port: str) -> None:
    done = Demonstration(tmp_path / "data").manage("demo", "--port", port)
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_server_responds_and_stops_cleanly(demonstration: Demonstration, tmp_path: Path) -> None:
    demonstration.start(cwd=tmp_path)
    try:
        assert f"{demonstration.url}/" in demonstration.output
        with urllib.request.urlopen(f"{demonstration.url}/sign-in/", timeout=30) as response:  # noqa: S310
            assert response.headers["Content-Security-Policy"] == "default-src 'self'"
            assert "Sign in" in response.read().decode()
        sheet = f"{demonstration.url}/static/help_desk/help_desk.css"
        with urllib.request.urlopen(sheet, timeout=30) as response:  # noqa: S310
            assert response.status == 200
        assert len(processes_of(demonstration)) == 2
    finally:
        status, rest = demonstration.stop(signal.SIGINT)
    assert (status, rest.strip()) == (0, "Stopped.")
    # The delivery process has stopped too, without an exception.
    assert processes_of(demonstration) == []
    assert "Traceback" not in (demonstration.folder / "delivery.log").read_text()


def processes_of(demonstration: Demonstration) -> list[Path]:
    """Return the /proc entries of processes with the data folder in their environment."""
    variable = f"INTRANET_DATA_DIR={demonstration.folder}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = path.read_bytes().split(b"\0")
        except OSError:
            continue  # ended meanwhile, or owned by another user
        if variable in environment:
            found.append(path)
    return found


def test_mail_waits_for_the_server_and_is_sent_once(
    demonstration: Demonstration,
) -> None:
    port = free_port()
    demonstration = Demonstration(demonstration.folder, INTRANET_SMTP=f"127.0.0.1:{port}")

    def status() -> dict[str, Any]:
        done = demonstration.manage("help_desk_status", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def deliver() -> dict[str, Any]:
        done = demonstration.manage("help_desk_deliver")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    created = demonstration.manage("shell", "-v", "0", "-c", CREATE_THREE_TICKETS)
    assert created.returncode == 0, created.stderr
    assert status()["waiting"] == 3
    with running_server(port) as received:
        assert deliver()["sent"] == 3
        assert deliver()["sent"] == 0
    assert status()["waiting"] == 0
    assert len(received) == 3
    assert len({mail["Message-ID"] for mail in received}) == 3


def test_checks_and_migrations_are_clean(demonstration: Demonstration) -> None:
    checked = demonstration.manage("check", "--fail-level", "INFO")
    assert checked.returncode == 0, checked.stderr
    compared = demonstration.manage("makemigrations", "--check", "--dry-run")
    assert compared.returncode == 0, compared.stdout + compared.stderr
