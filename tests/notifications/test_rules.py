"""Which role is notified of which kind of event: the defaults, and a host's overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as host

from help_desk.channels import Channel
from help_desk.enums import NotificationKind as Kind
from help_desk.enums import Role
from help_desk.models import HelpDeskTicket, Notification, TicketEvent
from help_desk.notifications.rules import RULES, rules
from tests.support.hosts import with_email
from tests.support.notifications import notified

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

FIELDS = {"purpose": "app", "priority": "med", "description": "It hums."}
PAIRS = [
    (kind, role)
    for kind in Kind
    for role in Role
    # New tickets notify only these roles, and only mentions notify mentioned users.
    if (kind != Kind.NEW or role in {Role.MANAGER, Role.DEVELOPER})
    and (kind == Kind.MENTION) == (role == Role.MENTIONED)
]


class ChatChannel(Channel):
    """A channel of a host that needs no address."""

    name = "chat"

    def wants(self, kind: Kind, role: Role) -> bool:
        return (kind, role) == (Kind.NOTE, Role.ASSIGNEE)


class Scenario:
    """A ticket, an actor, and one user with one role."""

    def __init__(self, role: Role, make_user: Callable[..., Any], grant: Callable[..., Any]):
        first = host.ADMINS[0]
        address = first if isinstance(first, str) else first[1]
        email = address if role == Role.DEVELOPER else "user@people.example.com"
        self.actor = grant(make_user(name="actor"), "add", "change", "view")
        self.other = grant(make_user(name="other"), "change", "view")
        actions = ["change", "view", *(["delete"] if role == Role.MANAGER else [])]
        self.user = grant(make_user(name="user", email=email), *actions)
        self.role = role

    def ticket(self) -> HelpDeskTicket:
        creator = self.user if self.role == Role.CREATOR else self.other
        ticket = HelpDeskTicket.objects.create(created_by=creator, **FIELDS)
        if self.role == Role.ASSIGNEE:
            ticket.services.assign(self.user, actor=self.user)
        if self.role == Role.FOLLOWER:
            ticket.services.follow(self.user)
        return ticket

    def cause(self, kind: Kind, actor: Any = None) -> TicketEvent:
        """Cause an event of a kind, in which the user has their role."""
        actor = actor or self.actor
        if kind == Kind.NEW:
            return HelpDeskTicket.services.create(actor, **FIELDS).events.get()
        ticket = self.ticket()
        if kind == Kind.ASSIGNMENT and self.role == Role.ASSIGNEE:
            ticket.services.assign(None, actor=self.user)
        assignee = self.user if self.role == Role.ASSIGNEE else self.other
        causes: dict[Kind, Callable[[], object]] = {
            Kind.REPLY: lambda: ticket.services.comment(actor, "Hello."),
            Kind.NOTE: lambda: ticket.services.comment(actor, "Hello.", internal=True),
            Kind.MENTION: lambda: ticket.services.comment(
                actor, f"Hello @{self.user.get_username()}."
            ),
            Kind.ASSIGNMENT: lambda: ticket.services.assign(assignee, actor=actor),
            Kind.STATUS: lambda: ticket.services.start(actor),
            Kind.PRIORITY: lambda: ticket.services.update(actor, priority="urge"),
        }
        causes[kind]()
        return ticket.events.latest("pk")

    def channels(self, event: TicketEvent) -> set[str]:
        rows = Notification.objects.filter(event=event, recipient_id=self.user.pk)
        return set(rows.values_list("channel", flat=True))


@with_email
@pytest.mark.parametrize(("kind", "role"), PAIRS, ids=str)
def test_default_rules_notify_each_role(
    kind: Kind, role: Role, make_user: Callable[..., Any], grant: Callable[..., Any]
) -> None:
    scene = Scenario(role, make_user, grant)
    assert scene.channels(scene.cause(kind)) == RULES[kind].get(role, set())


@pytest.mark.parametrize("role", [role for role in Role if role != Role.DEVELOPER])
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.NEW])
def test_actor_is_not_notified_of_their_own_change(
    kind: Kind, role: Role, make_user: Callable[..., Any], grant: Callable[..., Any]
) -> None:
    scene = Scenario(role, make_user, grant)
    event = scene.cause(kind, actor=scene.user)
    assert event.actor == scene.user
    assert scene.channels(event) == set()


@pytest.mark.parametrize("is_enabled", [True, False], ids=["default", "off"])
@pytest.mark.parametrize("role", [Role.MANAGER, Role.DEVELOPER])
@with_email
def test_creator_is_notified_of_their_own_ticket_unless_a_setting_disables_it(
    role: Role,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    settings: Any,
    *,
    is_enabled: bool,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "NOTIFY_CREATORS_OF_OWN_TICKETS": is_enabled}
    scene = Scenario(role, make_user, grant)
    channels = scene.channels(scene.cause(Kind.NEW, actor=scene.user))
    assert channels == (RULES[Kind.NEW][role] if is_enabled else set())


@pytest.mark.parametrize(
    "change",
    [{"description": "It rattles."}, {"purpose": "comp"}, {"is_active": False}],
    ids=["description", "purpose", "inactive"],
)
def test_no_one_is_notified_of_other_fields(
    ticket: HelpDeskTicket, agent: Any, manager: Any, change: dict[str, Any]
) -> None:
    ticket.services.follow(manager)
    ticket.services.update(agent, **change)
    assert notified() == set()


def test_event_of_several_kinds_notifies_each_user_once(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any
) -> None:
    ticket.services.follow(reporter)
    ticket.services.follow(manager)
    name = manager.get_username()
    ticket.services.update(agent, status="prog", priority="urge", assigned_to=agent)
    assert notified() == {reporter, manager}
    ticket.services.comment(agent, f"@{name}, @{name}!", status="done")
    assert notified() == {reporter, manager}


@with_email
def test_notification_rules_override_single_pairs(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {
            "reply": {"creator": [], "manager": ["email"]},
            "status": {"follower": ["email"]},
        },
    }
    ticket.services.comment(agent, "Hello.")
    assert (notified("in_app"), notified("email")) == (set(), {manager})
    ticket.services.follow(manager)
    ticket.services.start(agent)
    assert (notified("in_app"), notified("email")) == ({reporter}, {reporter, manager})


def test_channel_of_a_host_is_used_by_its_own_default_or_by_the_rules(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "CHANNELS": [f"{__name__}.ChatChannel"],
        "NOTIFICATION_RULES": {"reply": {"creator": ["chat"]}},
    }
    ticket.services.assign(manager, actor=manager)
    ticket.services.comment(agent, "Internal.", internal=True)
    assert notified("chat") == {manager}
    ticket.services.comment(agent, "Public.")
    assert notified("chat") == {reporter}
    assert rules()[Kind.NOTE][Role.ASSIGNEE] >= {"chat"}


def test_webhook_gets_notes_only_if_it_subscribed_to_them(
    ticket: HelpDeskTicket, agent: Any, settings: Any
) -> None:
    urls = ["https://one.example.com/", "https://two.example.com/"]
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "CHANNELS": ["help_desk.channels.webhook.channel.WebhookChannel"],
        "WEBHOOKS": [
            {"url": urls[0], "secret": "s" * 32},
            {"url": urls[1], "secret": "s" * 32, "kinds": ["note"]},
        ],
    }
    ticket.services.comment(agent, "The cable.", internal=True, status="done")
    rows = Notification.objects.filter(event__ticket=ticket).order_by("pk")
    status, note = ticket.events.order_by("-pk")[:2][::-1]
    assert [(row.event, row.address) for row in rows] == [(status, urls[0]), (note, urls[1])]


@with_email
def test_developers_with_the_view_permission_are_notified_of_changes_if_the_rules_say_so(
    ticket: HelpDeskTicket,
    developer: Any,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    agent: Any,
    settings: Any,
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "NOTIFICATION_RULES": {"reply": {"developer": ["in_app"], "creator": []}},
    }
    ticket.services.comment(agent, "Hello.")
    assert notified() == set()
    grant(developer, "view")
    ticket.services.comment(agent, "Hello again.")
    assert notified() == {developer}
