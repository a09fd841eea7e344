"""The inbox in the app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from help_desk.channels.base import Channel
from help_desk.querysets import IN_APP


class InAppChannel(Channel):
    """Shows notifications in the inbox; the row is the entry, so nothing is sent."""

    name = IN_APP
    label = _("In-app")
    is_inbox = True
