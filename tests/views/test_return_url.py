"""Where a form leads to when it is done: within the site, whatever `return_url` says."""

from __future__ import annotations

import pytest

from help_desk.models import HelpDeskTicket, TicketFollower

REFUSED = [
    "abc",
    "abc/def",
    "?page=2",
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "http://testserver/ok/",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "\t/evil/",
    " /evil/",
    "\x00/evil/",
    "//[",
    "/" + "x" * 20_000,
    # Short as it is typed, too long for a header once it is quoted.
    "/" + "\u6f22" * 2_000,
]


@pytest.fixture
def act(client_of, manager, ticket, url_of):
    """Does one of four things and says what was answered."""
    client = client_of(manager)
    data = {
        "page:delete": {"should_delete": "on"},
        "form:follow": {"wish": "follow"},
        "form:status": {"status": "prog"},
        "form:assign": {"action": "take"},
    }
    return lambda name, url: client.post(url_of(name, ticket), data[name] | {"return_url": url})


def is_done_once(name, ticket, manager):
    now = HelpDeskTicket.objects.get()
    if name == "form:follow":
        return TicketFollower.objects.get().user_id == manager.pk
    changed = {
        "page:delete": now.is_deleted,
        "form:status": now.status == "prog",
        "form:assign": now.assigned_to_id == manager.pk,
    }
    # The first event is that of the ticket's creation.
    return changed[name] and ticket.events.count() == 2


@pytest.mark.parametrize("name", ["page:delete", "form:follow", "form:status", "form:assign"])
class TestReturnUrl:
    @pytest.mark.parametrize("url", REFUSED, ids=lambda url: ascii(url[:20]))
    def test_anything_but_a_path_of_the_site_is_ignored(
        self, act, manager, ticket, url_of, name, url
    ):
        response = act(name, url)
        default = url_of("page:list") if name == "page:delete" else url_of("page:detail", ticket)
        assert (response.status_code, response["Location"]) == (302, default)
        assert is_done_once(name, ticket, manager)

    @pytest.mark.parametrize(
        ("url", "location"),
        [
            ("/ok/path?x=1", "/ok/path?x=1"),
            ("/ok/\x00", "/ok/%00"),
            ("/ok/\r\nX", "/ok/%0D%0AX"),
        ],
        ids=ascii,
    )
    def test_a_path_of_the_site_is_followed(self, act, manager, ticket, name, url, location):
        response = act(name, url)
        assert (response.status_code, response["Location"]) == (302, location)
        assert is_done_once(name, ticket, manager)
