"""The forms of a ticket, as a host can use them."""

from __future__ import annotations

import pytest

from help_desk.forms import HelpDeskTicketCreateForm, HelpDeskTicketUpdateForm
from help_desk.models import HelpDeskTicket

DATA = {"purpose": "app", "priority": "low", "description": "The door is stuck."}


def test_fields():
    assert list(HelpDeskTicketCreateForm().fields) == ["purpose", "priority", "description"]
    assert list(HelpDeskTicketUpdateForm().fields) == [
        "purpose", "priority", "status", "description",
    ]  # fmt: skip


def test_radio_buttons_have_no_empty_choice():
    form = HelpDeskTicketUpdateForm()
    for name in ("purpose", "priority", "status"):
        assert "" not in dict(form.fields[name].choices)


@pytest.mark.django_db
def test_cleaned_data_is_accepted_by_the_service(reporter):
    form = HelpDeskTicketCreateForm(DATA)
    assert form.is_valid()
    ticket = HelpDeskTicket().services.create(created_by=reporter, **form.cleaned_data)
    assert (ticket.purpose, ticket.priority, ticket.description) == (
        "app",
        "low",
        "The door is stuck.",
    )


@pytest.mark.django_db
def test_update_form_can_save(ticket):
    form = HelpDeskTicketUpdateForm({**DATA, "status": "done"}, instance=ticket)
    assert form.is_valid()
    form.save()
    assert HelpDeskTicket.objects.get().status == "done"
    assert ticket.events.count() == 2


def test_description_is_limited_in_the_browser_too():
    for form in (HelpDeskTicketCreateForm(), HelpDeskTicketUpdateForm()):
        assert 'maxlength="100000"' in str(form["description"])
