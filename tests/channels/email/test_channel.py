"""The email channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from help_desk.channels.email.channel import EmailChannel
from help_desk.choices import NotificationStatusChoices
from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "address",
    ["ada@example.com\nBcc: everybody@example.com", "", None],
    ids=["header", "empty", "none"],
)
def test_row_with_an_invalid_address_fails_at_once(
    create_ticket: Callable[..., HelpDeskTicket], manager: Any, settings: Any, address: str | None
) -> None:
    settings.ADMINS = []
    event = create_ticket(created_by=manager).events.get()
    row = Notification(
        event=event, recipient=manager, address=address, channel="email", status="wait"
    )
    row.due_datetime = row.created_datetime
    row.save()
    assert runner.deliver().failed == 1
    row.refresh_from_db()
    assert (row.status, row.due_datetime) == (NotificationStatusChoices.FAILED, None)
    assert row.error
    assert mail.outbox == []


@pytest.mark.hosts("default", "login_required", "multi_db", "use_tz_false")
def test_user_address_with_a_line_break_fails(
    ticket: HelpDeskTicket, agent: Any, reporter: Any, mail_server: Any
) -> None:
    reporter.email = "a@example.com\r\nBcc: victim@example.com"
    reporter.save()
    ticket.services.comment(agent, "Hello.")
    assert runner.deliver() == runner.DeliveryReport(failed=1)
    assert mail_server.accepted == []


def test_check_reads_deprecated_mail_settings_without_a_warning(settings: Any) -> None:
    if hasattr(settings, "MAILERS"):
        del settings.MAILERS  # Django falls back to the deprecated settings
    assert EmailChannel().check() == []
