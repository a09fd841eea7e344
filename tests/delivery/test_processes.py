"""Several processes that deliver at the same time, on their own database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.live_host import live_host, wait_until

if TYPE_CHECKING:
    from pathlib import Path

# This test creates its own host.
pytestmark = pytest.mark.hosts("default")

FOLLOWERS = 120
WRITE_REPLIES = f"""
from django.contrib.auth import get_user_model  # noqa: E402 -- Django must be set up
from help_desk.models import HelpDeskTicket
make = get_user_model().objects.create_user
users = [
    make(f"user{{n}}", f"user{{n}}@people.example.com", is_superuser=True)
    for n in range({FOLLOWERS})
]
agent = make("agent", "agent@people.example.com", is_superuser=True)
ticket = HelpDeskTicket.services.create(
    created_by=agent, purpose="app", priority="low", description="Broken"
)
for user in users:
    ticket.services.follow(user)
for text in ("One", "Two", "Three"):
    ticket.services.comment(agent, text)
"""
COUNT_ROWS_AND_LEASES = """
from help_desk.models import Notification
rows = Notification.objects.filter(channel="email")
print(rows.count(), rows.exclude(lease=None).values("lease").distinct().count())
"""


def test_concurrent_processes_send_each_message_once(tmp_path: Path) -> None:
    with live_host(
        tmp_path, HELP_DESK={"DELIVERY": "command", "SITE_URL": "https://intranet.example.com"}
    ) as host:
        host.python(WRITE_REPLIES)
        rows, _leases = map(int, host.python(COUNT_ROWS_AND_LEASES).split())
        assert rows >= 3 * FOLLOWERS
        # Each claims rows, and sends none before another one has claimed some.
        runs = [host.start("help_desk_deliver", MAIL_GATE="go", DEFAULT_TIMES="") for _ in range(3)]
        wait_until(
            lambda: int(host.python(COUNT_ROWS_AND_LEASES).split()[1]) > 1,
            f"second run with rows\n{host.logs()}",
        )
        (host.folder / "go").touch()
        for run in runs:
            assert run.wait(timeout=120) == 0, host.logs()
        host.manage("help_desk_deliver")
        assert host.statuses() == {"sent": rows}
        assert len(host.senders()) > 1
        assert set(host.mails().values()) == {1}
        assert {recipient for recipient, _id in host.mails()} > {
            f"user{number}@people.example.com" for number in range(FOLLOWERS)
        }
