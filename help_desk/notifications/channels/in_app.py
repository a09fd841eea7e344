"""The inbox in the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from help_desk.notifications.channels.channel import Channel, Outcome
from help_desk.querysets import IN_APP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from help_desk.models import Notification


class InAppChannel(Channel):
    """The row is the entry of the inbox; there is nothing to send."""

    name = IN_APP
    label = _("In the app")
    is_inbox = True

    def send(self, notifications: Sequence[Notification]) -> Iterator[Outcome]:
        """Count each row as sent.

        Args:
            notifications: Rows of this channel.

        Yields:
            An outcome without error for each.
        """
        for notification in notifications:
            yield Outcome(notifications=(notification,))
