"""The email channel: what becomes one message, and how it is sent."""

from __future__ import annotations

import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from help_desk.channels.base import (
    Channel,
    ChannelUnavailableError,
    NotSentError,
    SendResult,
)
from help_desk.channels.email.message import message_of
from help_desk.channels.email.server import MailServer, ServerTimeoutError
from help_desk.enums import TicketEventType
from help_desk.exceptions import HelpDeskNotificationRecipientMissingEmailError
from help_desk.models import EmailSchedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.core.checks import CheckMessage

    from help_desk.channels.base import Recipient
    from help_desk.models import Notification

DUMMY_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


class EmailChannel(Channel):
    """Sends emails by the host's mail configuration, all of a batch over one connection."""

    name = "email"
    label = _("Email")
    supports_digest = True

    def address_of(self, recipient: Recipient) -> str | None:
        """Return the recipient's email address; empty if there is none.

        Args:
            recipient: The recipient.

        Returns:
            The address.
        """
        return recipient.email

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        """Send rows, several in one message if they belong together.

        Args:
            notifications: Rows of this channel.

        Yields:
            One result per message.

        Raises:
            ChannelUnavailableError: There is no connection to the mail server, or it does not
                respond.
        """
        with closing(MailServer()) as server:
            for rows in _messages(notifications):
                yield _send_message(server, rows)

    def check(self) -> list[CheckMessage]:
        """Return a message if emails cannot be sent.

        Returns:
            E106 if there is no mail backend, W103 if it discards all email.
        """
        path = _backend_path()
        if path == DUMMY_BACKEND:
            return [
                checks.Warning(
                    "The mail backend is Django's dummy backend, which discards all email.",
                    hint="Configure a mail server, or remove EmailChannel from "
                    "HELP_DESK['CHANNELS'].",
                    id="help_desk.W103",
                )
            ]
        try:
            import_string(path or "")
        except ImportError as error:
            return [
                checks.Error(
                    f"The mail backend {path!r} cannot be imported: {error}"
                    if path
                    else "No default mail backend is configured.",
                    hint="Set EMAIL_BACKEND (from Django 6.1 MAILERS['default']), or remove "
                    "EmailChannel from HELP_DESK['CHANNELS'].",
                    id="help_desk.E106",
                )
            ]
        return []


def _send_message(server: MailServer, rows: Sequence[Notification]) -> SendResult:
    try:
        server.send(message_of(rows))
    except ServerTimeoutError as error:
        # An attempt, as the message may be the cause. Another one would probably wait as long.
        raise ChannelUnavailableError(str(error), attempted=rows) from error
    except NotSentError as error:
        return SendResult(notifications=rows, error=str(error), is_permanent=error.is_permanent)
    except HelpDeskNotificationRecipientMissingEmailError as error:
        return SendResult(notifications=rows, error=str(error), is_permanent=True)
    return SendResult(notifications=rows)


def _messages(rows: Sequence[Notification]) -> list[list[Notification]]:
    """Group rows into messages.

    One message has the changes by one user to one ticket, or all rows of a digest.
    """
    digest_recipients = _digest_recipients(rows)
    messages: dict[tuple[Any, ...], list[Notification]] = {}
    for row in rows:
        event = row.event
        if row.recipient_id in digest_recipients:
            key: tuple[Any, ...] = (row.recipient_id, row.address)
        elif event.type == TicketEventType.NEW:
            key = (row.pk,)
        else:
            key = (row.recipient_id, row.address, event.ticket_id, event.actor_id)
        messages.setdefault(key, []).append(row)
    return list(messages.values())


def _digest_recipients(rows: Sequence[Notification]) -> set[Any]:
    user_ids = {row.recipient_id for row in rows if row.recipient_id is not None}
    if not user_ids:
        return set()
    schedules = EmailSchedule.objects.using(rows[0]._state.db)
    return schedules.digest_recipients(user_ids)


def _backend_path() -> str | None:
    """Return the path of the default mail backend; None if `MAILERS` has no default."""
    mailers = getattr(settings, "MAILERS", None)
    if mailers is None:
        with warnings.catch_warnings():
            # Django 6.1 deprecates the setting; hosts get that warning from Django itself.
            warnings.simplefilter("ignore")
            path: str = settings.EMAIL_BACKEND
            return path
    default = mailers.get("default")
    return None if default is None else default.get("BACKEND", SMTP_BACKEND)
