"""What happens after the commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from help_desk.models import HelpDeskTicket, Notification


@pytest.mark.django_db(transaction=True)
def test_trouble_after_the_commit_is_logged_and_does_not_reach_who_filed_the_ticket(
    settings: Any,
    reporter: Any,
    developer: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    database_alias: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    with transaction.atomic(using=database_alias):
        ticket = create_ticket(created_by=reporter)
        settings.ADMINS = []  # whom Django mails of what is logged
        settings.HELP_DESK = {"CHANNELS": ["no.such.Channel"]}
    assert "ModuleNotFoundError" in caplog.text
    assert HelpDeskTicket.objects.filter(pk=ticket.pk).exists()
    assert Notification.objects.filter(event__ticket=ticket, status="wait").exists()
