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
    """

    name: str
    default: Any
    types: tuple[type, ...]
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="BASE_TEMPLATE",
        default="help_desk/base.html",
        types=(str,),
        help="Template that every page extends; it needs a block `help_desk`.",
    ),
    Setting(
        name="CHANNELS",
        default=(
            "help_desk.notifications.channels.in_app.InAppChannel",
            "help_desk.notifications.channels.email.EmailChannel",
        ),
        types=(list, tuple),
        help="Dotted paths of the channel classes by which people are told.",
    ),
    Setting(
        name="CREATORS_SEE_OWN_TICKETS",
        default=False,
        types=(bool,),
        help="Whether people without the view permission see the tickets that they filed.",
    ),
    Setting(
        name="DELIVER_AFTER_COMMIT",
        default=True,
        types=(bool,),
        help="Whether what waits is sent right after the commit, by the process that wrote it.",
    ),
    Setting(
        name="EMAIL_TIMEOUT",
        default=10,
        types=(int, float),
        help="Seconds to wait for the mail server where the mail settings name no time-out.",
    ),
    Setting(
        name="SITE_URL",
        default=None,
        types=(str, type(None)),
        help="Scheme and host for links in e-mails, such as `https://intranet.example.com`; "
        "without it the sites framework is asked.",
    ),
)

_BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}


class HelpDeskSettings:
    """The host's values with the defaults behind them, as attributes."""

    BASE_TEMPLATE: str
    CHANNELS: tuple[str, ...]
    CREATORS_SEE_OWN_TICKETS: bool
    DELIVER_AFTER_COMMIT: bool
    EMAIL_TIMEOUT: float
    SITE_URL: str | None

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
