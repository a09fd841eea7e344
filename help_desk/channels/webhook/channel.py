"""The webhook channel: signed HTTP requests to other programs."""

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

NOT_CONFIGURED = "HELP_DESK['WEBHOOKS'] has no valid entry with this URL."
NOT_REQUESTED = "The webhook is not configured for this kind of event."
OUT_OF_TIME = "Deferred, because this URL responds slowly and other URLs are waiting."


class WebhookChannel(Channel):
    """Sends one request per event and URL of the setting `WEBHOOKS`.

    A row's address is the URL. The secret is read from the setting when the row is sent.
    """

    name = "webhook"
    label = _("Webhook")
    is_personal = False

    timeout: ClassVar[float] = http_post.TIMEOUT
    """Seconds for one request and its response."""

    max_time_per_url: ClassVar[float] = 2 * http_post.TIMEOUT
    """Seconds of one batch after which a URL's other rows are left for later."""

    def subscribers(self, event: TicketEvent, kinds: Collection[NotificationKind]) -> list[str]:
        """Return the URLs that are configured for the event.

        Args:
            event: The event.
            kinds: The kinds of the event; an internal note is sent only to webhooks whose
                `kinds` contain it.

        Returns:
            URLs.
        """
        return [webhook.url for webhook in webhooks() if webhook.kinds_to_send(kinds)]

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        """Post each event to its URL.

        Args:
            notifications: Rows of this channel.

        Yields:
            One result per row. A URL that is slow or does not respond is not tried again in
            this batch.
        """
        if not notifications:
            return
        payloads = Payloads([row.event for row in notifications], notifications[0]._state.db)
        endpoints = {
            webhook.url: _Endpoint(webhook=webhook, time_left=self.max_time_per_url)
            for webhook in webhooks()
        }
        for row in notifications:
            endpoint = endpoints.get(row.address or "")
            if endpoint is None:
                yield SendResult(notifications=(row,), error=NOT_CONFIGURED, is_permanent=True)
            else:
                yield endpoint.send(row, payloads, self.timeout)

    def check(self) -> list[CheckMessage]:
        """Return messages about the setting `WEBHOOKS`.

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
    """The error of the last attempt."""

    def send(self, row: Notification, payloads: Payloads, timeout: float) -> SendResult:
        kinds = self.webhook.kinds_to_send(row.kinds)
        if not kinds:
            return SendResult(notifications=(row,), error=NOT_REQUESTED, is_permanent=True)
        if self.time_left <= 0:
            # Rows of a slow URL are sent soon; those of one that is down count as attempted,
            # so that the delay grows.
            error = self.error or OUT_OF_TIME
            return SendResult(notifications=(row,), error=error, is_deferred=not self.error)
        includes_text = self.webhook.includes_internal or not row.event.is_internal
        payload = payloads.of(row.event, kinds, includes_text=includes_text)
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

    def _headers(self, row: Notification, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        return {
            DELIVERY_HEADER: _delivery_id(row),
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: f"sha256={_signature(self.webhook.secret, timestamp, body)}",
        }


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign timestamp and body together, so that neither can be replaced (RFC 2104)."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _delivery_id(row: Notification) -> str:
    """Return an ID that is the same at every attempt, and unique across databases."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{row.address}#{row.pk} {row.created_datetime}"))
