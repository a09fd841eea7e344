"""Starting a delivery after the commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from help_desk.models import HelpDeskTicket, Notification


@pytest.mark.django_db(transaction=True)
def test_error_after_the_commit_is_logged_and_does_not_reach_the_caller(
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
        settings.ADMINS = []  # or Django emails them the logged errors
        settings.HELP_DESK = {"CHANNELS": ["no.such.Channel"]}
    assert "ModuleNotFoundError" in caplog.text
    assert HelpDeskTicket.objects.filter(pk=ticket.pk).exists()
    assert Notification.objects.filter(event__ticket=ticket, status="wait").exists()
