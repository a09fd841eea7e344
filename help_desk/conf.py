"""The settings of the help desk, read at each use.

A host defines one dict, `HELP_DESK`, with any of the keys below. Nothing is cached, so
`override_settings(HELP_DESK={...})` works in tests.
"""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar, cast, overload

from django.conf import settings

T = TypeVar("T")

DAY = 24 * 60 * 60

AFTER_COMMIT = "after_commit"
TASK = "task"
COMMAND = "command"


class Setting(Generic[T]):
    """One key of the `HELP_DESK` dict, and its documentation.

    Attributes:
        name: The key.
        default: The value without the key.
        types: The types that a value may have.
        help: One line for the reference.
        choices: The values that a value may have; empty for any.
        limits: The lowest and the highest value of a number; None for any.
    """

    name: str

    def __init__(
        self,
        *,
        default: T,
        types: tuple[type, ...],
        help: str,
        choices: tuple[str, ...] = (),
        limits: tuple[float, float] | None = None,
    ) -> None:
        self.default = default
        self.types = types
        self.help = help
        self.choices = choices
        self.limits = limits

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        values: Any = getattr(settings, "HELP_DESK", {})
        if not isinstance(values, dict):
            # A system check reports it; the other checks still have to run.
            return self.default
        value: Any = values.get(self.name, self.default)
        # A system check reports a wrong value. Where it was not run, no page fails for it.
        is_usable = self.has_type(value) and self.is_within_limits(value)
        return cast("T", value) if is_usable else self.default

    def has_type(self, value: object) -> bool:
        """Whether a value has one of the types."""
        # To Python, True and False are numbers.
        return bool in self.types if isinstance(value, bool) else isinstance(value, self.types)

    def is_within_limits(self, value: Any) -> bool:
        """Whether a value of the right type is within the limits; NaN never is."""
        return self.limits is None or value is None or self.limits[0] <= value <= self.limits[1]


class HelpDeskSettings:
    """The host's values, or the defaults, as attributes."""

    ASSIGN_ON_START = Setting[bool](
        default=False,
        types=(bool,),
        help="Whether starting an unassigned ticket assigns it to the user who starts it.",
    )
    BASE_TEMPLATE = Setting[str](
        default="help_desk/base.html",
        types=(str,),
        help="The template that every page extends; it needs a block `help_desk`.",
    )
    CHANGES_WINDOW = Setting[float](
        default=60,
        types=(int, float),
        help=(
            "Seconds within which several changes by one user to one ticket become one email. "
            "Does not apply to `DELIVERY = 'after_commit'`."
        ),
        limits=(0, 7 * DAY),
    )
    CHANNELS = Setting[tuple[str, ...]](
        default=(
            "help_desk.channels.in_app.InAppChannel",
            "help_desk.channels.email.EmailChannel",
        ),
        types=(list, tuple),
        help="Dotted paths of the channel classes that send notifications.",
    )
    COMMENT_EDIT_TIME = Setting[float](
        default=15 * 60,
        types=(int, float),
        help="Seconds for which authors can edit their comments.",
        limits=(0, 3650 * DAY),
    )
    CREATORS_SEE_OWN_TICKETS = Setting[bool](
        default=False,
        types=(bool,),
        help="Whether users without the view permission see the tickets that they created.",
    )
    DELIVERY = Setting[str](
        default=AFTER_COMMIT,
        types=(str,),
        help=(
            "What sends notifications: `after_commit` (the process that wrote them, right after "
            "the commit), `task` (a worker of Django's tasks framework) or `command` (only "
            "`manage.py help_desk_deliver`)."
        ),
        choices=(AFTER_COMMIT, TASK, COMMAND),
    )
    EMAIL_TIMEOUT = Setting[float](
        default=10,
        types=(int, float),
        help="Seconds to wait for the mail server if the mail settings define no timeout.",
        # A message needs about eight responses, and its lease reserves three minutes.
        limits=(0.1, 20),
    )
    MAX_DELIVERY_DELAY = Setting[float](
        default=60 * 60,
        types=(int, float),
        help=(
            "Seconds after which `check` and `help_desk_status` report a notification that was not "
            "sent."
        ),
        limits=(0, 365 * DAY),
    )
    MAX_MENTIONS_PER_HOUR = Setting[int | None](
        default=20,
        types=(int, type(None)),
        limits=(1, 10_000),
        help=(
            "How many people a user without the change permission can subscribe to tickets by "
            "mentioning them on the pages, per hour; `None` for no limit."
        ),
    )
    MAX_REPLIES_PER_HOUR = Setting[int | None](
        default=60,
        types=(int, type(None)),
        limits=(1, 10_000),
        help=(
            "How many replies a user without the change permission can send on the pages, per "
            "hour; `None` for no limit."
        ),
    )
    MAX_TICKETS_PER_HOUR = Setting[int | None](
        default=20,
        types=(int, type(None)),
        limits=(1, 10_000),
        help=(
            "How many tickets a user without the change permission can create on the pages, per "
            "hour; `None` for no limit."
        ),
    )
    NOTIFICATION_RULES = Setting[dict[str, dict[str, list[str]]]](
        default={},
        types=(dict,),
        help=(
            "Kind of event to role to list of channels, where your rules differ from the defaults."
        ),
    )
    NOTIFY_CREATORS_OF_OWN_TICKETS = Setting[bool](
        default=True,
        types=(bool,),
        help=(
            "Whether managers and developers are notified of new tickets that they created "
            "themselves."
        ),
    )
    SITE_URL = Setting[str | None](
        default=None,
        types=(str, type(None)),
        help=(
            "Scheme and host of links in emails, such as `https://intranet.example.com`. Without "
            "it the sites framework is used."
        ),
    )
    WEBHOOKS = Setting[tuple[dict[str, Any], ...]](
        default=(),
        types=(list, tuple),
        help=(
            "The targets of the webhook channel: dicts with `url`, `secret` and optionally `kinds`."
        ),
    )
    WEBHOOKS_TO_PRIVATE_ADDRESSES = Setting[bool](
        default=False,
        types=(bool,),
        help="Whether webhooks may be sent to private, loopback and link-local addresses.",
    )


SETTINGS: tuple[Setting[Any], ...] = tuple(
    setting for setting in vars(HelpDeskSettings).values() if isinstance(setting, Setting)
)

help_desk_settings = HelpDeskSettings()
