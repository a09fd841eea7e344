"""Delivery in a database that is not the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from help_desk.delivery.runner import deliver
from help_desk.models import EmailSchedule

if TYPE_CHECKING:
    from help_desk.models import HelpDeskTicket


@pytest.mark.hosts("multi_db")
def test_delivery_reads_only_the_database_that_it_is_given(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, settings: Any, database_alias: str
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "DELIVERY": "command"}
    for text in ("First", "Second"):
        ticket.services.comment(agent, text)
    EmailSchedule.objects.create(user=reporter, frequency="day")
    settings.DATABASE_ROUTERS = []  # Without them, Django would read the default database.
    report = deliver(using=database_alias)
    assert report.sent == 2
    (message,) = mail.outbox  # a digest
    assert message.body.count("Second") == 1
