"""E-mail, by the host's own mail set-up."""

from __future__ import annotations

import logging
import smtplib
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core import mail
from django.core.checks import Error, Warning
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from help_desk.channels.base import Channel, ChannelUnavailableError, SendResult
from help_desk.channels.email.message import message_of
from help_desk.conf import help_desk_settings
from help_desk.enums import TicketEventType
from help_desk.exceptions import HelpDeskNotificationRecipientMissingEmailError
from help_desk.models import EmailSchedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.core.checks import CheckMessage
    from django.core.mail import EmailMultiAlternatives
    from django.core.mail.backends.base import BaseEmailBackend

    from help_desk.channels.base import Recipient
    from help_desk.models import Notification

    _Refusal = smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError

logger = logging.getLogger(__name__)

_REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)

DUMMY_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
TOO_LARGE = 552
"""What a server says to MAIL FROM with a SIZE beyond its limit (RFC 1870, section 6.1)."""
CLOSING = 421


class EmailChannel(Channel):
    """One message per bundle of notifications, all of a batch over one connection."""

    name = "email"
    label = _("By e-mail")
    supports_digest = True

    def address_of(self, recipient: Recipient) -> str | None:
        """Give the person's e-mail address.

        Args:
            person: Whoever is to be told.

        Returns:
            The address; empty where there is none.
        """
        return recipient.email

    def send(self, notifications: Sequence[Notification]) -> Iterator[SendResult]:
        """Send a message for each bundle of rows.

        Args:
            notifications: Rows of this channel.

        Yields:
            An outcome for each.

        Raises:
            ChannelUnavailableError: There is no reaching the mail server.
        """
        with closing(_MailServer()) as server:
            for rows in _bundles(notifications):
                yield self._attempt(server, rows)

    def _attempt(self, server: _MailServer, rows: Sequence[Notification]) -> SendResult:
        try:
            server.send(message_of(rows))
        except _MailError as error:
            return SendResult(notifications=rows, error=str(error), is_permanent=error.is_permanent)
        except HelpDeskNotificationRecipientMissingEmailError as error:
            return SendResult(notifications=rows, error=str(error), is_permanent=True)
        return SendResult(notifications=rows)

    def check(self) -> list[CheckMessage]:
        """See whether e-mail can leave.

        Returns:
            E106 if there is no mail backend, W103 if it throws mail away.
        """
        mailers = getattr(settings, "MAILERS", None)
        path: str | None
        if mailers is None:
            with warnings.catch_warnings():
                # Django deprecates the setting; that is between it and the host.
                warnings.simplefilter("ignore")
                path = settings.EMAIL_BACKEND
        else:
            # Django 6.1: the backend of the default mailer, SMTP where it names none.
            default = mailers.get("default")
            path = None if default is None else default.get("BACKEND", SMTP_BACKEND)
        if path == DUMMY_BACKEND:
            return [
                Warning(
                    "The mail backend throws all mail away, so no developer gets e-mail.",
                    hint="Set up a mail server, or take EmailChannel out of HELP_DESK['CHANNELS'].",
                    id="help_desk.W103",
                )
            ]
        try:
            import_string(path or "")
        except ImportError as error:
            return [
                Error(
                    f"There is no mail backend to send e-mail with: {error}",
                    hint="Set EMAIL_BACKEND (from Django 6.1 MAILERS['default']), or take "
                    "EmailChannel out of HELP_DESK['CHANNELS'].",
                    id="help_desk.E106",
                )
            ]
        return []


def _bundles(rows: Sequence[Notification]) -> list[list[Notification]]:
    """Put together what makes one message.

    What one person did to one ticket; for whoever wants e-mail by the hour or the day,
    everything.
    """
    scheduled = _digest_recipients(rows)
    bundles: dict[tuple[Any, ...], list[Notification]] = {}
    for row in rows:
        event = row.event
        if row.recipient_id in scheduled:
            key: tuple[Any, ...] = (row.recipient_id, row.address)
        elif event.type == TicketEventType.NEW:
            key = (row.pk,)
        else:
            key = (row.recipient_id, row.address, event.ticket_id, event.actor_id)
        bundles.setdefault(key, []).append(row)
    return list(bundles.values())


def _digest_recipients(rows: Sequence[Notification]) -> set[Any]:
    user_ids = {row.recipient_id for row in rows if row.recipient_id}
    schedules = EmailSchedule.objects.using(rows[0]._state.db)
    return schedules.digest_recipients(user_ids) if user_ids else set()


class _MailError(Exception):
    """One message could not be sent."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class _MailServer:
    """A connection for a batch, and what its errors mean."""

    MAX_TROUBLE_IN_A_ROW = 3

    def __init__(self) -> None:
        self._trouble_in_a_row = 0
        self._connection = self._open()

    def _open(self) -> BaseEmailBackend:
        connection: BaseEmailBackend = _connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            message = f"The mail server cannot be used: {_describe(error)}"
            raise ChannelUnavailableError(message) from error
        return connection

    def close(self) -> None:
        try:
            self._connection.close()
        except (OSError, smtplib.SMTPException):
            # Everything that could be sent has been; a broken farewell changes nothing.
            logger.debug("The mail server broke the connection off.", exc_info=True)

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send one message.

        Raises:
            _MailError: This message could not be sent; the next one may.
            ChannelUnavailableError: No message can be sent now.
        """
        try:
            sent = self._connection.send_messages([message])
        except _REFUSALS as error:
            self._refused(error)
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            # Django and the email package refuse addresses and headers by a ValueError.
            words = f"The message cannot be sent as it is: {_describe(error)}"
            raise _MailError(words, is_permanent=True) from error
        except (OSError, smtplib.SMTPException) as error:
            self._recover(error)
            words = f"The connection to the mail server failed: {_describe(error)}"
            raise _MailError(words) from error
        self._trouble_in_a_row = 0
        if sent == 0:
            words = "The mail backend says that it sent nothing."
            raise _MailError(words)

    def _refused(self, error: _Refusal) -> NoReturn:
        """Raise what the server's refusal means."""
        text: bytes | str
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            refused, (code, text) = "the recipient", next(iter(error.recipients.values()))
        else:
            refused, code, text = "the message", error.smtp_code, error.smtp_error
        if code == CLOSING:
            # It may say so to any message, and hangs up (RFC 5321, section 3.8).
            self._recover(error)
        elif isinstance(error, smtplib.SMTPSenderRefused) and code != TOO_LARGE:
            unavailable = f"The mail server refuses the sender: {_describe(error)}"
            raise ChannelUnavailableError(unavailable) from error
        else:
            self._trouble_in_a_row = 0
        reply = text if isinstance(text, str) else text.decode(errors="replace")
        words = f"The mail server refuses {refused}: {code} {reply} ({type(error).__name__})"
        raise _MailError(words[:1000], is_permanent=_is_permanent(code)) from error

    def _recover(self, error: Exception) -> None:
        """Reconnect; trouble with message after message is not the messages' fault."""
        self._trouble_in_a_row += 1
        if self._trouble_in_a_row >= self.MAX_TROUBLE_IN_A_ROW:
            message = f"The mail server fails again and again: {_describe(error)}"
            raise ChannelUnavailableError(message) from error
        self.close()
        self._connection = self._open()


def _connection() -> Any:
    """Open the host's default way to send mail, with a time-out in any case."""
    # Django 6.1 brings `mailers` and deprecates `get_connection`.
    mailers = getattr(mail, "mailers", None)
    connection: Any = mail.get_connection() if mailers is None else mailers.default
    if getattr(connection, "timeout", 0) is None:
        connection.timeout = help_desk_settings.EMAIL_TIMEOUT
    return connection


def _is_permanent(code: int) -> bool:
    """5yz replies are permanent, 4yz transient (RFC 5321, section 4.2.1)."""
    return 500 <= code < 600


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:1000]
