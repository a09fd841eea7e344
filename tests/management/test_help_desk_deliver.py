"""`manage.py help_desk_deliver`."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

from django.core import mail
from django.core.management import call_command

from help_desk.models import Notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from help_desk.models import HelpDeskTicket


def test_what_waits_is_sent_once_and_reported(
    file_ticket: Callable[..., HelpDeskTicket], reporter: Any
) -> None:
    file_ticket(created_by=reporter)
    waiting = Notification.objects.filter(channel="email", status="wait").count()
    assert waiting > 0
    out = StringIO()
    call_command("help_desk_deliver", stdout=out)
    assert json.loads(out.getvalue())["sent"] == waiting
    assert len(mail.outbox) == waiting
    call_command("help_desk_deliver", stdout=out)
    assert len(mail.outbox) == waiting
