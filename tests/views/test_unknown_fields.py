"""Events of fields that the ticket no longer has, and of users that cannot exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from help_desk.channels.email.message import message_of
from help_desk.channels.webhook.payload import Payloads
from help_desk.enums import TicketEventType
from help_desk.models import Notification, TicketEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from help_desk.models import HelpDeskTicket

CHANGES = {
    "pair": {"severity": ["minor", "blocker"]},
    "value": {"severity": "blocker"},
    "list of one": {"severity": ["blocker"]},
    "structure": {"severity": {"level": "blocker"}},
    "none": {"severity": None, "level": [None, "blocker"]},
    "name of a relation": {"comments": [None, "blocker"]},
    "user ID of another type": {"severity": [1, "blocker"], "assigned_to": ["no-such-id", None]},
}


@pytest.fixture(params=CHANGES.values(), ids=CHANGES)
def event(request: Any, ticket: HelpDeskTicket, agent: Any, manager: Any) -> TicketEvent:
    event = TicketEvent.objects.record(
        ticket=ticket, type=TicketEventType.UPDATE, actor=manager, changes=request.param
    )
    Notification.objects.bulk_create(
        Notification(event=event, recipient=agent, channel=channel, address=address, status="sent")
        for channel, address in (("in_app", None), ("email", "agent@example.com"))
    )
    return event


@pytest.fixture
def open_admin(
    client_of: Callable[..., Any], make_user: Callable[..., Any]
) -> Callable[..., HttpResponse]:
    client = client_of(make_user(name="root", is_staff=True, is_superuser=True))

    def get(name: str, *args: Any) -> HttpResponse:
        response: HttpResponse = client.get(
            reverse(f"admin:django_spire_help_desk_{name}", args=args)
        )
        return response

    return get


def test_pages_show_names_and_plain_values(
    event: TicketEvent, client_of: Callable[..., Any], agent: Any, url_of: Callable[..., str]
) -> None:
    client = client_of(agent)
    for response in (
        client.get(url_of("page:inbox")),
        client.get(url_of("page:detail", event.ticket)),
    ):
        page = response.content.decode()
        names = set(event.changes) - {"assigned_to", "comments"}
        assert response.status_code == 200
        assert all(name in page for name in names)
        assert "blocker" in page or event.changes.get("severity") is None


def test_admin_shows_the_event(event: TicketEvent, open_admin: Callable[..., Any]) -> None:
    assert "blocker" in open_admin("ticketevent_change", event.pk).content.decode()
    assert next(iter(event.changes)) in open_admin("ticketevent_changelist").content.decode()
    for notification in event.notifications.all():
        assert open_admin("notification_change", notification.pk).status_code == 200


def test_email_and_webhook_contain_the_event(event: TicketEvent) -> None:
    rows = Notification.objects.filter(channel="email").with_tickets()
    assert "blocker" in message_of(list(rows)).body
    events = [*event.ticket.events.order_by("pk")]
    payloads = Payloads(events, event.database)
    for each in events:
        payload = payloads.of(each, ["status"], includes_text=True)
        assert payload["event"]["changes"].keys() == each.changes.keys()


def test_later_changes_are_merged(event: TicketEvent, agent: Any) -> None:
    base = event.pk - 1
    ticket = event.ticket
    ticket.services.update(agent, base_version=base, status="prog")
    assert ticket.status == "prog"


def test_conversation_continues_after_a_comment_without_text(
    ticket: HelpDeskTicket, agent: Any, client_of: Callable[..., Any], url_of: Callable[..., str]
) -> None:
    comment = ticket.services.comment(agent, "Hello")
    event = TicketEvent.objects.record(
        ticket=ticket, type=TicketEventType.COMMENT, actor=agent, changes={}, comment=comment
    )
    Notification.objects.bulk_create(
        [Notification(event=event, recipient=agent, channel="in_app", status="sent")]
    )
    for url in (url_of("page:inbox"), url_of("page:detail", ticket)):
        assert client_of(agent).get(url).status_code == 200
