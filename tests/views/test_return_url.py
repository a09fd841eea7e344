"""The redirect of a form to `return_url`, within the site."""

from __future__ import annotations

import pytest

from help_desk.models import HelpDeskTicket, TicketFollower

INVALID = [
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
    # Short enough as it is typed, but not once it is quoted for the header.
    "/" + "\u6f22" * 2_000,
]


@pytest.fixture
def post(client_of, manager, ticket, url_of):
    """Post one of the forms and return the response."""
    client = client_of(manager)
    data = {
        "page:delete": {"should_delete": "on"},
        "form:follow": {"subscription": "follow"},
        "form:status": {"status": "prog"},
        "form:assign": {"action": "assign_to_me"},
    }
    return lambda name, url: client.post(url_of(name, ticket), data[name] | {"return_url": url})


def is_saved_once(name, ticket, manager):
    current = HelpDeskTicket.objects.get()
    if name == "form:follow":
        return TicketFollower.objects.get().user_id == manager.pk
    changed = {
        "page:delete": current.is_deleted,
        "form:status": current.status == "prog",
        "form:assign": current.assigned_to_id == manager.pk,
    }
    # The first event is the ticket's creation.
    return changed[name] and ticket.events.count() == 2


@pytest.mark.parametrize("name", ["page:delete", "form:follow", "form:status", "form:assign"])
class TestReturnUrl:
    @pytest.mark.parametrize("url", INVALID, ids=lambda url: ascii(url[:20]))
    def test_anything_but_a_path_within_the_site_is_ignored(
        self, post, manager, ticket, url_of, name, url
    ):
        response = post(name, url)
        default = url_of("page:list") if name == "page:delete" else url_of("page:detail", ticket)
        assert (response.status_code, response["Location"]) == (302, default)
        assert is_saved_once(name, ticket, manager)

    @pytest.mark.parametrize(
        ("url", "location"),
        [
            ("/ok/path?x=1", "/ok/path?x=1"),
            ("/ok/\x00", "/ok/%00"),
            ("/ok/\r\nX", "/ok/%0D%0AX"),
        ],
        ids=ascii,
    )
    def test_path_within_the_site_is_followed(self, post, manager, ticket, name, url, location):
        response = post(name, url)
        assert (response.status_code, response["Location"]) == (302, location)
        assert is_saved_once(name, ticket, manager)
