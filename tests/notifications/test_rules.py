"""Who hears of what by which channel: the table, and what a host makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as host

from help_desk.channels import Channel
from help_desk.enums import NotificationKind as Kind
from help_desk.enums import Role
from help_desk.models import HelpDeskTicket, Notification, TicketEvent
from help_desk.notifications.rules import RULES, rules
from tests.support.notifications import notified

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

with_email = pytest.mark.hosts(
    "default", "custom_user", "login_required", "multi_db", "use_tz_false"
)
FIELDS = {"purpose": "app", "priority": "med", "description": "It hums."}
IN_QUESTION = [
    (kind, role)
    for kind in Kind
    for role in Role
    # A new ticket has nobody but these; only a mention has somebody mentioned.
    if (kind != Kind.NEW or role in {Role.MANAGER, Role.DEVELOPER})
    and (kind == Kind.MENTION) == (role == Role.MENTIONED)
]


class ChatChannel(Channel):
    """A host's own, which finds people by their accounts."""

    name = "chat"

    def wants(self, kind: Kind, role: Role) -> bool:
        return (kind, role) == (Kind.NOTE, Role.ASSIGNEE)


class Scene:
    """A ticket, somebody who acts, and one person with one role."""

    def __init__(self, role: Role, make_user: Callable[..., Any], grant: Callable[..., Any]):
        first = host.ADMINS[0]
        address = first if isinstance(first, str) else first[1]
        email = address if role == Role.DEVELOPER else "person@people.example.com"
        self.actor = grant(make_user(name="actor"), "add", "change", "view")
        self.other = grant(make_user(name="other"), "change", "view")
        actions = ["change", "view", *(["delete"] if role == Role.MANAGER else [])]
        self.person = grant(make_user(name="person", email=email), *actions)
        self.role = role

    def ticket(self) -> HelpDeskTicket:
        creator = self.person if self.role == Role.CREATOR else self.other
        ticket = HelpDeskTicket.objects.create(created_by=creator, **FIELDS)
        if self.role == Role.ASSIGNEE:
            ticket.services.assign(self.person, actor=self.person)
        if self.role == Role.FOLLOWER:
            ticket.services.follow(self.person)
        return ticket

    def cause(self, kind: Kind, actor: Any = None) -> TicketEvent:
        by = actor or self.actor
        if kind == Kind.NEW:
            return HelpDeskTicket.services.create(by, **FIELDS).events.get()
        ticket = self.ticket()
        if kind == Kind.ASSIGNMENT and self.role == Role.ASSIGNEE:
            ticket.services.assign(None, actor=self.person)
        to = self.person if self.role == Role.ASSIGNEE else self.other
        causes: dict[Kind, Callable[[], object]] = {
            Kind.REPLY: lambda: ticket.services.comment(by, "Hello."),
            Kind.NOTE: lambda: ticket.services.comment(by, "Hello.", internal=True),
            Kind.MENTION: lambda: ticket.services.comment(
                by, f"Hello @{self.person.get_username()}."
            ),
            Kind.ASSIGNMENT: lambda: ticket.services.assign(to, actor=by),
            Kind.STATUS: lambda: ticket.services.start(by),
            Kind.PRIORITY: lambda: ticket.services.update(by, priority="urge"),
        }
        causes[kind]()
        return ticket.events.latest("pk")

    def channels(self, event: TicketEvent) -> set[str]:
        rows = Notification.objects.filter(event=event, recipient_id=self.person.pk)
        return set(rows.values_list("channel", flat=True))


@with_email
@pytest.mark.parametrize(("kind", "role"), IN_QUESTION, ids=str)
def test_event_reaches_a_role_as_the_table_says(
    kind: Kind, role: Role, make_user: Callable[..., Any], grant: Callable[..., Any]
) -> None:
    scene = Scene(role, make_user, grant)
    assert scene.channels(scene.cause(kind)) == RULES[kind].get(role, set())


@pytest.mark.parametrize("role", [role for role in Role if role != Role.DEVELOPER])
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.NEW])
def test_nobody_is_told_of_what_they_did_themselves(
    kind: Kind, role: Role, make_user: Callable[..., Any], grant: Callable[..., Any]
) -> None:
    scene = Scene(role, make_user, grant)
    event = scene.cause(kind, actor=scene.person)
    assert event.actor == scene.person
    assert scene.channels(event) == set()


@pytest.mark.parametrize("is_told", [True, False], ids=["default", "off"])
@pytest.mark.parametrize("role", [Role.MANAGER, Role.DEVELOPER])
@with_email
def test_whoever_files_a_ticket_is_told_as_their_group_is_unless_a_setting_says_no(
    role: Role,
    make_user: Callable[..., Any],
    grant: Callable[..., Any],
    settings: Any,
    *,
    is_told: bool,
) -> None:
    settings.HELP_DESK = {**settings.HELP_DESK, "NOTIFY_CREATORS_OF_OWN_TICKETS": is_told}
    scene = Scene(role, make_user, grant)
    channels = scene.channels(scene.cause(Kind.NEW, actor=scene.person))
    assert channels == (RULES[Kind.NEW][role] if is_told else set())


@pytest.mark.parametrize(
    "change",
    [{"description": "It sings."}, {"purpose": "comp"}, {"is_active": False}],
    ids=["description", "purpose", "inactive"],
)
def test_nobody_is_told_of_small_corrections(
    ticket: HelpDeskTicket, agent: Any, manager: Any, change: dict[str, Any]
) -> None:
    ticket.services.follow(manager)
    ticket.services.update(agent, **change)
    assert notified() == set()


def test_one_event_of_several_kinds_tells_each_person_once(
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
def test_hosts_rules_replace_a_pair_and_leave_the_rest(
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


def test_hosts_channel_is_used_where_it_wants_to_be_or_the_rules_say(
    ticket: HelpDeskTicket, agent: Any, manager: Any, reporter: Any, settings: Any
) -> None:
    settings.HELP_DESK = {
        **settings.HELP_DESK,
        "CHANNELS": [f"{__name__}.ChatChannel"],
        "NOTIFICATION_RULES": {"reply": {"creator": ["chat"]}},
    }
    ticket.services.assign(manager, actor=manager)
    ticket.services.comment(agent, "For us.", internal=True)
    assert notified("chat") == {manager}
    ticket.services.comment(agent, "For all.")
    assert notified("chat") == {reporter}
    assert rules()[Kind.NOTE][Role.ASSIGNEE] >= {"chat"}


def test_webhook_that_did_not_ask_for_notes_hears_of_none(
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
