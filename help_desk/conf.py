"""The help desk's settings: one table, read at each use.

A host writes one dict, `HELP_DESK`, with any of the keys below. Nothing is cached, so
`override_settings(HELP_DESK={...})` works in tests, nested too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One key of the `HELP_DESK` dict.

    Attributes:
        name: The key.
        default: What holds where the host says nothing.
        types: The types that a value may have.
        help: One line for the reference.
        choices: The values that a value may have; empty for any.
    """

    name: str
    default: Any
    types: tuple[type, ...]
    help: str
    choices: tuple[str, ...] = ()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="ASSIGN_ON_START",
        default=False,
        types=(bool,),
        help="Whether who starts a ticket that nobody has is given it.",
    ),
    Setting(
        name="BASE_TEMPLATE",
        default="help_desk/base.html",
        types=(str,),
        help="Template that every page extends; it needs a block `help_desk`.",
    ),
    Setting(
        name="CHANGES_WINDOW",
        default=60,
        types=(int, float),
        help="Seconds within which one person's changes to one ticket make one e-mail.",
    ),
    Setting(
        name="CHANNELS",
        default=(
            "help_desk.channels.in_app.InAppChannel",
            "help_desk.channels.email.channel.EmailChannel",
        ),
        types=(list, tuple),
        help="Dotted paths of the channel classes by which people are told.",
    ),
    Setting(
        name="COMMENT_EDIT_TIME",
        default=15 * 60,
        types=(int, float),
        help="Seconds for which authors may correct their comments.",
    ),
    Setting(
        name="CREATORS_SEE_OWN_TICKETS",
        default=False,
        types=(bool,),
        help="Whether people without the view permission see the tickets that they filed.",
    ),
    Setting(
        name="DELIVERY",
        default="after_commit",
        types=(str,),
        choices=("after_commit", "task", "command"),
        help="What sends: `after_commit` (the process that wrote it, right after the commit), "
        "`task` (a worker of Django's tasks framework) or `command` (only "
        "`manage.py help_desk_deliver`).",
    ),
    Setting(
        name="EMAIL_TIMEOUT",
        default=10,
        types=(int, float),
        help="Seconds to wait for the mail server where the mail settings name no time-out.",
    ),
    Setting(
        name="NOTIFICATION_RULES",
        default={},
        types=(dict,),
        help="Kind of event to role to list of channels, where the host's rules differ.",
    ),
    Setting(
        name="SITE_URL",
        default=None,
        types=(str, type(None)),
        help="Scheme and host for links in e-mails, such as `https://intranet.example.com`; "
        "without it the sites framework is asked.",
    ),
    Setting(
        name="NOTIFY_CREATORS_OF_OWN_TICKETS",
        default=True,
        types=(bool,),
        help="Whether managers and developers are told of new tickets that they filed themselves.",
    ),
    Setting(
        name="MAX_DELIVERY_DELAY",
        default=60 * 60,
        types=(int, float),
        help="Seconds after which a notification that still waits is a reason for alarm.",
    ),
    Setting(
        name="WEBHOOKS",
        default=(),
        types=(list, tuple),
        help="Where the webhook channel posts to: dicts with `url`, `secret` and perhaps `kinds`.",
    ),
    Setting(
        name="WEBHOOKS_TO_PRIVATE_ADDRESSES",
        default=False,
        types=(bool,),
        help="Whether webhooks may go to private, loopback and link-local addresses.",
    ),
)

_BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


class HelpDeskSettings:
    """The host's values with the defaults behind them, as attributes."""

    ASSIGN_ON_START: bool
    BASE_TEMPLATE: str
    CHANGES_WINDOW: float
    CHANNELS: tuple[str, ...]
    COMMENT_EDIT_TIME: float
    CREATORS_SEE_OWN_TICKETS: bool
    DELIVERY: str
    EMAIL_TIMEOUT: float
    NOTIFICATION_RULES: dict[str, dict[str, list[str]]]
    SITE_URL: str | None
    NOTIFY_CREATORS_OF_OWN_TICKETS: bool
    MAX_DELIVERY_DELAY: float
    WEBHOOKS: tuple[dict[str, Any], ...]
    WEBHOOKS_TO_PRIVATE_ADDRESSES: bool

    def __getattr__(self, name: str) -> Any:
        """Read one setting.

        Args:
            name: A key of the table.

        Returns:
            The host's value, or the default.

        Raises:
            AttributeError: There is no such setting.
        """
        try:
            setting = _BY_NAME[name]
        except KeyError:
            message = f"The help desk has no setting {name!r}."
            raise AttributeError(message) from None
        host_values = getattr(settings, "HELP_DESK", {})
        if not isinstance(host_values, dict):
            # A system check says so; every other check still has to run.
            return setting.default
        return host_values.get(name, setting.default)


help_desk_settings = HelpDeskSettings()
