"""The inbox in the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from help_desk.channels.base import Channel
from help_desk.querysets import IN_APP

if TYPE_CHECKING:
    from help_desk.models import Notification


class InAppChannel(Channel):
    """The row is the entry of the inbox; there is nothing to send."""

    name = IN_APP
    label = _("In the app")
    is_inbox = True

    def send_one(self, notification: Notification) -> None:
        """Do nothing: the row is there.

        Args:
            notification: A row of this channel.
        """
