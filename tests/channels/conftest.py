"""Receivers, and webhooks that are configured to post to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from help_desk.channels.webhook.channel import WebhookChannel
from tests.support.receivers import SECRET, Receiver, run_receiver


def path_of(channel: type) -> str:
    return f"{channel.__module__}.{channel.__qualname__}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as server:
        yield server


@pytest.fixture
def configure(settings: Any) -> Callable[..., None]:
    """Configures webhooks, each a URL or an entry; no other channel is active."""

    def configure(*hooks: str | dict[str, Any], channel: type = WebhookChannel) -> None:
        settings.HELP_DESK = {
            "SITE_URL": "https://intranet.example.com",
            "CHANNELS": [path_of(channel)],
            "WEBHOOKS": [
                {"url": hook, "secret": SECRET} if isinstance(hook, str) else hook for hook in hooks
            ],
            "WEBHOOKS_TO_PRIVATE_ADDRESSES": True,
        }

    return configure
