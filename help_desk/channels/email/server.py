"""The connection to the mail server, and what its errors mean."""

from __future__ import annotations

import logging
import smtplib
from typing import TYPE_CHECKING, Any, NoReturn

from django.core import mail

from help_desk.channels.base import ChannelUnavailableError, NotSentError
from help_desk.channels.errors import reason_of
from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from django.core.mail import EmailMultiAlternatives

    _Rejection = smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError

logger = logging.getLogger(__name__)

_REJECTIONS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)

TOO_LARGE = 552
"""The reply to MAIL FROM if the SIZE is beyond the server's limit (RFC 1870, section 6.1)."""
CLOSING = 421
PERMANENT_REPLIES = range(500, 600)
"""RFC 5321, section 4.2.1"""
MAX_FAILURES_IN_A_ROW = 3
"""After this many consecutive failures, the cause is not the messages."""


class ServerTimeoutError(ChannelUnavailableError):
    """The server did not respond while a message was sent."""


class MailServer:
    """A connection for one batch, by the host's default mail configuration."""

    def __init__(self) -> None:
        self._failures_in_a_row = 0
        self._connection = self._open()

    def _open(self) -> Any:
        connection = _new_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            server = _name_of(connection)
            message = f"Cannot connect to the mail server{server} ({_reason(error)})."
            raise ChannelUnavailableError(message) from error
        return connection

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        try:
            self._connection.close()
        except (OSError, smtplib.SMTPException):
            # All messages already have a result.
            logger.debug("The mail server closed the connection first.", exc_info=True)

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send one message; raise NotSentError or ChannelUnavailableError."""
        try:
            sent = self._connection.send_messages([message])
        except _REJECTIONS as error:
            self._handle_rejection(error)
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            # Django and the email package raise ValueError for invalid addresses and headers.
            text = f"The message is invalid ({_reason(error)})."
            raise NotSentError(text, is_permanent=True) from error
        except (OSError, smtplib.SMTPException) as error:
            if _is_timeout(error):
                text = "The mail server did not respond in time."
                raise ServerTimeoutError(text) from error
            self._reconnect(error)
            text = f"The connection to the mail server failed ({_reason(error)})."
            raise NotSentError(text) from error
        self._failures_in_a_row = 0
        if sent == 0:
            text = "The mail backend reported that no message was sent."
            raise NotSentError(text)

    def _handle_rejection(self, error: _Rejection) -> NoReturn:
        reply: bytes | str
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            rejected, (code, reply) = "recipient", next(iter(error.recipients.values()))
        else:
            rejected, code, reply = "message", error.smtp_code, error.smtp_error
        text = _reply(code, reply)
        if code == CLOSING:
            # A server may reply so to any command, and closes (RFC 5321, section 3.8).
            self._reconnect(error)
        elif isinstance(error, smtplib.SMTPSenderRefused) and code != TOO_LARGE:
            unavailable = f"The mail server rejected the sender: {text}"
            raise ChannelUnavailableError(unavailable) from error
        else:
            self._failures_in_a_row = 0
        message = f"The mail server rejected the {rejected}: {text}"
        raise NotSentError(message, is_permanent=code in PERMANENT_REPLIES) from error

    def _reconnect(self, error: Exception) -> None:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            message = f"The mail server failed {MAX_FAILURES_IN_A_ROW} times ({_reason(error)})."
            raise ChannelUnavailableError(message) from error
        self.close()
        self._connection = self._open()


def _new_connection() -> Any:
    """Return the host's default mail connection, always with a timeout."""
    # Django 6.1 introduces `mailers` and deprecates `get_connection`.
    mailers = getattr(mail, "mailers", None)
    connection: Any = mail.get_connection() if mailers is None else mailers.default
    if getattr(connection, "timeout", 0) is None:
        connection.timeout = help_desk_settings.EMAIL_TIMEOUT
    return connection


def _name_of(connection: Any) -> str:
    """Return " at host:port" for backends that have both."""
    host, port = getattr(connection, "host", None), getattr(connection, "port", None)
    return f" at {host}:{port}" if host and port else ""


def _is_timeout(error: Exception) -> bool:
    # smtplib replaces the error of the socket.
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    return reason_of(error)


def _reply(code: int, text: bytes | str) -> str:
    """Return a server's reply, such as "550 No such user"."""
    reply = text if isinstance(text, str) else text.decode(errors="replace")
    return f"{code} {reply[:1000]}"
