"""Several processes deliver at once, on a database of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live_host import live_host

if TYPE_CHECKING:
    from pathlib import Path

# The host of this test is its own.
pytestmark = pytest.mark.hosts("default")

PEOPLE = 60
WRITE_REPLIES = f"""
from django.contrib.auth import get_user_model
from help_desk.models import HelpDeskTicket
make = get_user_model().objects.create_user
people = [make(f"p{{n}}", f"p{{n}}@people.example.com", is_superuser=True) for n in range({PEOPLE})]
agent = make("agent", "agent@people.example.com", is_superuser=True)
ticket = HelpDeskTicket.services.create(
    created_by=agent, purpose="app", priority="low", description="Broken"
)
for person in people:
    ticket.services.follow(person)
for text in ("One", "Two", "Three"):
    ticket.services.comment(agent, text)
"""
COUNT = """
from help_desk.models import Notification
print(Notification.objects.filter(channel="email").count())
"""


def test_processes_at_once_send_each_message_once(tmp_path: Path) -> None:
    with live_host(
        tmp_path, HELP_DESK={"DELIVERY": "command", "SITE_URL": "https://intranet.example.com"}
    ) as host:
        host.python(WRITE_REPLIES)
        rows = int(host.python(COUNT))
        assert rows >= 3 * PEOPLE
        runs = [host.start("help_desk_deliver", MAIL_SECONDS="0.01") for _ in range(4)]
        for run in runs:
            assert run.wait(timeout=120) == 0, host.logs()
        host.manage("help_desk_deliver")
        assert host.statuses() == {"sent": rows}
        assert len(host.senders()) > 1
        assert set(host.mails().values()) == {1}
        assert len({recipient for recipient, _id in host.mails()}) >= PEOPLE
