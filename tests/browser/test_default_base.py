"""A ticket from creation to deletion, in a host project without its own base template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.models import HelpDeskTicket
from tests.browser.axe import accessibility_problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

LIST = reverse("django_spire:help_desk:page:list")
TEXT = "The badge reader <b>beeps</b> & stays red."


def test_ticket_is_created_read_completed_and_deleted(
    page: Page, sign_in: Callable[[Any], None], reporter: Any, manager: Any
) -> None:
    sign_in(reporter)
    page.goto(reverse("django_spire:help_desk:form:create"))
    page.get_by_label("Company").check()
    page.get_by_label("High").check()
    page.get_by_label("Description").fill(TEXT)
    page.get_by_role("button", name="Submit ticket").click()

    page.wait_for_url(f"**{LIST}")
    ticket = HelpDeskTicket.objects.get()
    assert (ticket.description, ticket.created_by) == (TEXT, reporter)
    page.get_by_text(TEXT).first.wait_for()

    sign_in(manager)
    page.goto(reverse("django_spire:help_desk:page:inbox"))
    page.get_by_role("main").locator("li a").first.click()
    page.wait_for_url("**/detail/")
    page.get_by_text(TEXT).first.wait_for()

    page.goto(reverse("django_spire:help_desk:form:update", args=[ticket.pk]))
    page.get_by_label("Done").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{LIST}")
    ticket.refresh_from_db()
    assert ticket.status == HelpDeskTicketStatusChoices.DONE

    page.goto(reverse("django_spire:help_desk:page:delete", args=[ticket.pk]))
    page.get_by_role("button", name="Delete ticket").click()
    page.wait_for_url(f"**{LIST}")
    ticket.refresh_from_db()
    assert ticket.is_deleted
    assert page.get_by_text(TEXT).count() == 0


@pytest.mark.parametrize(
    "name", ["page:list", "page:inbox", "form:create", "page:detail", "form:update", "page:delete"]
)
def test_page_is_accessible_and_fits(
    name: str,
    page: Page,
    sign_in: Callable[[Any], None],
    manager: Any,
    create_ticket: Callable[..., HelpDeskTicket],
) -> None:
    ticket = create_ticket(description=f"{TEXT}\n\nhttps://example.com/{'w' * 200}")
    sign_in(manager)
    needs_number = name in {"page:detail", "form:update", "page:delete"}
    page.goto(reverse(f"django_spire:help_desk:{name}", args=[ticket.pk] if needs_number else []))
    assert accessibility_problems(page) == []
