"""The base class of channels, by channels as hosts write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from django.core import checks

from help_desk.channels import (
    Channel,
    ChannelUnavailableError,
    NotSentError,
    SendResult,
)
from help_desk.delivery import runner
from help_desk.models import HelpDeskTicket, Notification

pytestmark = pytest.mark.django_db

ROOMS = ["one", "two", "two", "three"]


class RoomsChannel(Channel):
    """Yields an address twice."""

    name = "rooms"
    is_personal = False

    def subscribers(self, event: object, kinds: object) -> Iterable[str]:
        return ROOMS


class FailingChannel(RoomsChannel):
    """Sends to one address, and raises for the others."""

    def send_one(self, notification: Notification) -> None:
        if notification.address == "one":
            message = "The room is full."
            raise NotSentError(message)
        if notification.address == "two":
            message = "The room is gone."
            raise NotSentError(message, is_permanent=True)


class ClosedChannel(RoomsChannel):
    def send_one(self, notification: Notification) -> None:
        message = "All rooms are closed."
        raise ChannelUnavailableError(message)


class BusyChannel(RoomsChannel):
    def send(self, notifications: Sequence[Notification]) -> Iterable[SendResult]:
        yield SendResult(notifications=notifications, error="Later.", is_deferred=True)


class NamelessChannel(Channel):
    is_personal = False

    def send_one(self, notification: Notification) -> None: ...


class LongNameChannel(NamelessChannel):
    name = "n" * 33


class UnlabeledChannel(Channel):
    name = "unlabeled"

    def send_one(self, notification: Notification) -> None: ...


def use(settings: Any, channel: type[Channel]) -> None:
    settings.HELP_DESK = {
        "SITE_URL": "https://intranet.example.com",
        "CHANNELS": [f"{channel.__module__}.{channel.__qualname__}"],
    }


def rows() -> dict[str, tuple[str, int, str]]:
    return {
        row.address: (row.status, row.attempts, row.error) for row in Notification.objects.all()
    }


def test_each_message_has_its_own_result(
    settings: Any, reporter: Any, create_ticket: Callable[..., HelpDeskTicket]
) -> None:
    use(settings, FailingChannel)
    create_ticket(created_by=reporter)
    report = runner.deliver()
    assert (report.sent, report.retried, report.failed) == (1, 1, 1)
    assert rows() == {
        "one": ("wait", 1, "The room is full."),
        "two": ("fail", 1, "The room is gone."),
        "three": ("sent", 1, ""),
    }


@pytest.mark.parametrize(
    ("channel", "error"), [(ClosedChannel, "All rooms are closed."), (BusyChannel, "Later.")]
)
def test_deferred_rows_count_no_attempt(
    settings: Any,
    reporter: Any,
    create_ticket: Callable[..., HelpDeskTicket],
    channel: type[Channel],
    error: str,
) -> None:
    use(settings, channel)
    create_ticket(created_by=reporter)
    assert runner.deliver().deferred == 3
    assert set(rows().values()) == {("wait", 0, error)}


@pytest.mark.parametrize(
    ("channel", "problem"),
    [
        (RoomsChannel, "neither a method send_one() nor send()"),
        (NamelessChannel, "the name None"),
        (LongNameChannel, "1 to 32 characters"),
        (UnlabeledChannel, "no label"),
    ],
)
def test_incomplete_channel_is_reported(
    settings: Any, channel: type[Channel], problem: str
) -> None:
    use(settings, channel)
    (message,) = [m for m in checks.run_checks() if str(m.id).startswith("help_desk.")]
    assert message.id == "help_desk.E125"
    assert channel.__qualname__ in message.msg
    assert problem in message.msg
