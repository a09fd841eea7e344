"""Signed HTTP requests to other programs."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

from help_desk.channels.base import Channel, NotSentError, SendResult
from help_desk.channels.webhook import http_post
from help_desk.channels.webhook.payload import Payloads
from help_desk.channels.webhook.settings import check_webhooks, webhooks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from django.core.checks import CheckMessage

    from help_desk.channels.webhook.settings import Webhook
    from help_desk.enums import NotificationKind
    from help_desk.models import Notification, TicketEvent

DELIVERY_HEADER = "Help-Desk-Delivery"
TIMESTAMP_HEADER = "Help-Desk-Timestamp"
SIGNATURE_HEADER = "Help-Desk-Signature"

SLOW = "Others wait, and this URL has had its share of the time."
NOT_SET_UP = "The setting WEBHOOKS has no usable entry of this URL (any more)."
NOT_ASKED_FOR = "The webhook does not ask for this kind of event (any more)."


class WebhookChannel(Channel):
    """One request for each event and URL of the setting `WEBHOOKS`.

    The row's address is the URL; the secret is looked up in the setting when it is sent.
    """

    name = "webhook"
    label = _("By webhook")
    is_personal = False

    timeout: ClassVar[float] = http_post.TIMEOUT
    """Seconds for one request and its answer."""

    time_share: ClassVar[float] = 2 * http_post.TIMEOUT
    """Seconds of one batch after which a URL makes no others wait any longer."""

    def subscribers(self, event: TicketEvent, kinds: Collection[NotificationKind]) -> list[str]:
        """Name the URLs that asked for such events.

        Args:
            event: What happened.
            kinds: What it is; an internal note goes only where `kinds` names it.

        Returns:
            URLs.
        """
        return [webhook.url for webhook in webhooks() if webhook.part_of(kinds)]

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        """Post each event to its URL.

        Args:
            notifications: Rows of this channel.

        Yields:
            An outcome for each. A URL that takes long or does not answer is left alone
            for the rest of the batch.
        """
        if not notifications:
            return
        payloads = Payloads([row.event for row in notifications], notifications[0]._state.db)
        endpoints = {
            webhook.url: _Endpoint(webhook=webhook, time_left=self.time_share)
            for webhook in webhooks()
        }
        for row in notifications:
            endpoint = endpoints.get(row.address or "")
            if endpoint is None:
                yield SendResult(notifications=(row,), error=NOT_SET_UP, is_permanent=True)
            else:
                yield endpoint.attempt(row, payloads, self.timeout)

    def check(self) -> list[CheckMessage]:
        """See whether the setting `WEBHOOKS` can be used.

        Returns:
            E120 to E124, W120 and W121.
        """
        return check_webhooks()


@dataclass(kw_only=True)
class _Endpoint:
    """A webhook during one batch."""

    webhook: Webhook
    time_left: float
    error: str = ""
    """What went wrong the last time that it was tried."""

    def attempt(self, row: Notification, payloads: Payloads, timeout: float) -> SendResult:
        kinds = self.webhook.part_of(row.kinds)
        if not kinds:
            return SendResult(notifications=(row,), error=NOT_ASKED_FOR, is_permanent=True)
        if self.time_left <= 0:
            # Whoever only is slow gets the rest soon; whoever is down is asked ever less.
            error = self.error or SLOW
            return SendResult(notifications=(row,), error=error, is_deferred=not self.error)
        payload = payloads.of(row.event, kinds, with_text=self._may_read(row.event))
        body = json.dumps(payload).encode()
        start = time.monotonic()
        try:
            http_post.post(self.webhook.url, body, self._headers(row, body), timeout=timeout)
        except NotSentError as error:
            self.error = str(error)
            return SendResult(
                notifications=(row,), error=self.error, is_permanent=error.is_permanent
            )
        else:
            self.error = ""
            return SendResult(notifications=(row,))
        finally:
            self.time_left -= time.monotonic() - start

    def _may_read(self, event: TicketEvent) -> bool:
        is_internal = event.comment is not None and event.comment.is_internal
        return not is_internal or self.webhook.includes_internal

    def _headers(self, row: Notification, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        return {
            DELIVERY_HEADER: _delivery_id(row),
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: f"sha256={_signature(self.webhook.secret, timestamp, body)}",
        }


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign the moment with the body, so that neither can be replaced (RFC 2104)."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _delivery_id(row: Notification) -> str:
    """Name a row the same at every attempt, and as no row of another database is named."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{row.address}#{row.pk} {row.created_datetime}"))
