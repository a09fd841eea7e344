"""No `return_url` leads away from the site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests.security.world import undone
from tests.support.corpora import URLS
from tests.support.documents import host_of, parse
from tests.support.factories import TicketFactory

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

SITE = "testserver"
URL_ATTRIBUTES = {"href", "action", "formaction", "src"}

families = pytest.mark.parametrize("urls", URLS.values(), ids=URLS)


def hosts_in(page: str) -> set[str]:
    """Return the hosts to which the links and forms of a page lead."""
    return {
        host_of(value)
        for element in parse(page).iter()
        for name, value in element.attrib.items()
        if name in URL_ATTRIBUTES
    }


@families
def test_redirects_stay_on_the_site(browser: Client, user: Any, urls: tuple[str, ...]) -> None:
    ticket = TicketFactory(created_by=user)
    follow = reverse("django_spire:help_desk:form:follow", kwargs={"pk": ticket.pk})
    for url in urls:
        with undone():
            response = browser.post(follow, {"subscription": "follow", "return_url": url})
        assert response.status_code == 302
        location = response["Location"]
        assert host_of(location) == SITE, ascii(url)
        # Nor does any other server or proxy understand it otherwise.
        assert re.match(r"/(?![/\\])[\x21-\x7e]*$", location), ascii(url)


@families
def test_links_and_forms_stay_on_the_site(
    browser: Client, user: Any, urls: tuple[str, ...]
) -> None:
    ticket = TicketFactory(created_by=user)
    assign = reverse("django_spire:help_desk:form:assign", kwargs={"pk": ticket.pk})
    for url in urls[::4]:
        # The URL is written into the page: as the link "Cancel" and as a hidden field.
        page = browser.get(assign, {"return_url": url}).content.decode()
        assert hosts_in(page) == {SITE}, ascii(url)


@pytest.mark.parametrize(
    "name", ["form:create", "form:update", "form:status", "form:assign", "page:delete"]
)
def test_every_form_ignores_urls_of_other_sites(browser: Client, user: Any, name: str) -> None:
    data = {
        "purpose": "app", "priority": "low", "status": "prog", "description": "The door.",
        "action": "assign_to_me", "should_delete": "yes",
    }  # fmt: skip
    for family in URLS.values():
        url = family[0]
        # In the query string and in the body.
        for query, body in (({"return_url": url}, {}), ({}, {"return_url": url})):
            with undone():
                ticket = TicketFactory(pk=1, created_by=user)
                kwargs = None if name == "form:create" else {"pk": ticket.pk}
                path = reverse(f"django_spire:help_desk:{name}", kwargs=kwargs)
                response = browser.post(path, {**data, **body}, query_params=query)
            assert response.status_code == 302
            assert host_of(response["Location"]) == SITE, ascii(url)


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/\\evil.example/", "///evil.example/help_desk/page/list/"]
)
def test_login_leads_back_to_a_path_of_the_site(client: Client, path: str) -> None:
    name = reverse("django_spire:help_desk:page:list")
    response = client.get(name, {"return_url": path, "next": path})
    assert host_of(response["Location"]) == SITE
    assert response["Location"].startswith("/accounts/login/?next=/help_desk/page/list/")


def test_paths_of_the_site_are_followed(browser: Client, user: Any) -> None:
    ticket = TicketFactory(created_by=user)
    follow = reverse("django_spire:help_desk:form:follow", kwargs={"pk": ticket.pk})
    for url in ("/help_desk/page/list/?q=a%26b&page=2", "/x//y", "/x?next=//evil.example", "/#a"):
        response = browser.post(follow, {"return_url": url})
        assert response["Location"] == url
