"""`manage.py demo` makes a believable intranet, keeps it, and starts it."""

from __future__ import annotations

import shutil
import signal
import socket
import sqlite3
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests import databases
from tests.demonstration import Demonstration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.hosts("default"),
    pytest.mark.skipif(
        databases.chosen() != "sqlite", reason="The example has a SQLite database of its own."
    ),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """A demonstration that was made once; tests change a copy."""
    demonstration = Demonstration(tmp_path_factory.mktemp("demonstration"))
    done = demonstration.manage("demo", "--no-server", cwd=demonstration.folder)
    assert done.returncode == 0, done.stderr
    demonstration.output = done.stdout
    return demonstration


@pytest.fixture
def demonstration(made: Demonstration, tmp_path: Path) -> Demonstration:
    shutil.copytree(made.folder, tmp_path / "data")
    return Demonstration(tmp_path / "data")


def ask(demonstration: Demonstration, sql: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(demonstration.database)) as connection, connection:
        return connection.execute(sql, values).fetchall()


def count_tickets(demonstration: Demonstration, condition: str = "1 = 1") -> int:
    sql = f"SELECT count(*) FROM django_spire_help_desk_ticket WHERE {condition}"  # noqa: S608
    return ask(demonstration, sql)[0][0]


def test_the_console_says_how_to_sign_in_and_where_mail_goes(made: Demonstration) -> None:
    assert "http://127.0.0.1:8000/" in made.output
    assert str(made.folder / "mail") in made.output
    for word in ("rosa", "mona", "dora", "Password     demo"):
        assert word in made.output


def test_there_are_two_hundred_tickets_of_half_a_year(made: Demonstration) -> None:
    assert 180 <= count_tickets(made) <= 230
    assert count_tickets(made, "created_datetime > datetime('now', '-14 days')") >= 8
    assert count_tickets(made, "created_datetime < datetime('now', '-150 days')") >= 8
    assert count_tickets(made, "created_datetime > datetime('now')") == 0
    assert 1 <= count_tickets(made, "is_deleted") <= 15


def test_texts_differ(made: Demonstration) -> None:
    texts = [text for (text,) in ask(made, "SELECT description FROM django_spire_help_desk_ticket")]
    assert len(set(texts)) == len(texts)
    assert len({text[:25] for text in texts}) >= 60
    assert min(map(len, texts)) < 60
    assert max(map(len, texts)) > 300


def test_old_tickets_are_mostly_done_and_some_are_stuck(made: Demonstration) -> None:
    old = "NOT is_deleted AND created_datetime < datetime('now', '-60 days')"
    assert count_tickets(made, f"{old} AND status = 'done'") > 0.8 * count_tickets(made, old)
    assert count_tickets(made, f"{old} AND status != 'done'") >= 2
    new = "NOT is_deleted AND created_datetime > datetime('now', '-14 days')"
    for status in ("read", "prog", "done"):
        assert count_tickets(made, f"{new} AND status = '{status}'") >= 1


def test_history_tells_of_it_in_order(made: Demonstration) -> None:
    events = ask(
        made,
        "SELECT ticket_id, created_datetime FROM django_spire_help_desk_ticket_event ORDER BY id",
    )
    moments = [moment for _ticket, moment in events]
    assert moments == sorted(moments)
    assert len(events) > 1.5 * count_tickets(made)
    (future,) = ask(
        made,
        "SELECT count(*) FROM django_spire_help_desk_ticket_event "
        "WHERE created_datetime > datetime('now')",
    )[0]
    assert future == 0


@pytest.mark.parametrize("person", ["mona", "dora"])
def test_inboxes_hold_a_few_unread_entries(made: Demonstration, person: str) -> None:
    ((total, unread),) = ask(
        made,
        "SELECT count(*), sum(read_datetime IS NULL) FROM django_spire_help_desk_notification "
        "JOIN accounts_user ON accounts_user.id = recipient_id "
        "WHERE channel = 'in_app' AND username = ?",
        person,
    )
    assert 1 <= unread <= 15
    assert total > 180


def test_only_the_newest_mails_lie_in_the_folder(made: Demonstration) -> None:
    newest = ask(
        made, "SELECT id FROM django_spire_help_desk_ticket ORDER BY created_datetime DESC LIMIT 3"
    )
    mails = made.mails()
    assert len(mails) == 3
    assert {mail["To"] for mail in mails} == {"dora@example.com"}
    for (ticket,) in newest:
        assert any(f"Ticket #{ticket}:" in mail["Subject"] for mail in mails)
    waiting = ask(
        made, "SELECT count(*) FROM django_spire_help_desk_notification WHERE status != 'sent'"
    )
    assert waiting == [(0,)]


def test_a_second_run_keeps_what_is_there_and_fresh_starts_over(
    demonstration: Demonstration,
) -> None:
    total = count_tickets(demonstration)
    ask(demonstration, "UPDATE django_spire_help_desk_ticket SET description = 'Mine' WHERE id = 1")

    again = demonstration.manage("demo", "--no-server")
    assert again.returncode == 0, again.stderr
    assert "Keeping" in again.stdout
    assert count_tickets(demonstration) == total
    assert count_tickets(demonstration, "description = 'Mine'") == 1
    assert len(demonstration.mails()) == 3

    fresh = demonstration.manage("demo", "--no-server", "--fresh")
    assert fresh.returncode == 0, fresh.stderr
    assert count_tickets(demonstration) == total
    assert count_tickets(demonstration, "description = 'Mine'") == 0
    assert len(demonstration.mails()) == 3


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_said_before_anything_is_done(tmp_path: Path, taken_port: int) -> None:
    demonstration = Demonstration(tmp_path / "data")
    done = demonstration.manage("demo", "--fresh", "--port", str(taken_port))
    assert done.returncode == 1
    assert f"Port {taken_port} is taken" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert not demonstration.database.exists()


@pytest.mark.parametrize("port", ["0", "65536", "eighty"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    done = Demonstration(tmp_path / "data").manage("demo", "--port", port)
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_it_answers_and_ends_when_it_is_told_to(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    demonstration.start(cwd=tmp_path)
    try:
        assert f"{demonstration.url}/" in demonstration.output
        with urllib.request.urlopen(f"{demonstration.url}/sign-in/", timeout=30) as answer:  # noqa: S310
            assert answer.headers["Content-Security-Policy"] == "default-src 'self'"
            assert "Sign in" in answer.read().decode()
        sheet = f"{demonstration.url}/static/help_desk/help_desk.css"
        with urllib.request.urlopen(sheet, timeout=30) as answer:  # noqa: S310
            assert answer.status == 200
    finally:
        status, rest = demonstration.stop(signal.SIGINT)
    assert (status, rest.strip()) == (0, "Stopped.")


def test_checks_and_migrations_have_nothing_to_say(demonstration: Demonstration) -> None:
    checked = demonstration.manage("check", "--fail-level", "INFO")
    assert checked.returncode == 0, checked.stderr
    compared = demonstration.manage("makemigrations", "--check", "--dry-run")
    assert compared.returncode == 0, compared.stdout + compared.stderr
