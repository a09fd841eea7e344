"""A ticket's life, as its reporter and a manager see it in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse

from help_desk.choices import HelpDeskTicketStatusChoices
from help_desk.models import HelpDeskTicket

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

LIST = reverse("django_spire:help_desk:page:list")
TEXT = "The badge reader <b>beeps</b> & stays red."


def test_ticket_is_filed_read_worked_on_and_deleted(
    page: Page, sign_in: Callable[[Any], None], reporter: Any, manager: Any
) -> None:
    sign_in(reporter)
    page.goto(reverse("django_spire:help_desk:form:create"))
    page.get_by_label("Company").check()
    page.get_by_label("High").check()
    page.get_by_label("Description").fill(TEXT)
    page.get_by_role("button", name="File the ticket").click()

    page.wait_for_url(f"**{LIST}")
    ticket = HelpDeskTicket.objects.get()
    assert (ticket.description, ticket.created_by) == (TEXT, reporter)
    assert page.get_by_text(TEXT).first.is_visible()

    sign_in(manager)
    page.goto(reverse("django_spire:help_desk:page:inbox"))
    page.get_by_role("main").locator("li a").first.click()
    page.wait_for_url("**/detail/")
    assert page.get_by_text(TEXT).first.is_visible()

    page.goto(reverse("django_spire:help_desk:form:update", args=[ticket.pk]))
    page.get_by_label("Done").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{LIST}")
    ticket.refresh_from_db()
    assert ticket.status == HelpDeskTicketStatusChoices.DONE

    page.goto(reverse("django_spire:help_desk:page:delete", args=[ticket.pk]))
    page.get_by_role("button", name="Delete the ticket").click()
    page.wait_for_url(f"**{LIST}")
    ticket.refresh_from_db()
    assert ticket.is_deleted
    assert page.get_by_text(TEXT).count() == 0
