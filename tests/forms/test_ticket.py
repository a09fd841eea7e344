"""The forms by themselves, as a host may use them."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from help_desk.forms import (
    HelpDeskTicketCreateForm,
    HelpDeskTicketFilterForm,
    HelpDeskTicketUpdateForm,
)
from help_desk.models import HelpDeskTicket

WORDS = {"purpose": "app", "priority": "low", "description": "Words"}


def test_what_is_asked():
    assert list(HelpDeskTicketCreateForm().fields) == ["purpose", "priority", "description"]
    assert list(HelpDeskTicketUpdateForm().fields) == [
        "purpose", "priority", "status", "description",
    ]  # fmt: skip


def test_radio_buttons_have_no_button_for_nothing():
    form = HelpDeskTicketUpdateForm()
    for name in ("purpose", "priority", "status"):
        assert "" not in dict(form.fields[name].choices)


@pytest.mark.django_db
def test_what_was_typed_goes_to_the_service(reporter):
    form = HelpDeskTicketCreateForm(WORDS)
    assert form.is_valid()
    ticket = HelpDeskTicket().services.create(created_by=reporter, **form.cleaned_data)
    assert (ticket.purpose, ticket.priority, ticket.description) == ("app", "low", "Words")


@pytest.mark.django_db
def test_the_update_form_saves_by_itself_too(ticket):
    form = HelpDeskTicketUpdateForm({**WORDS, "status": "done"}, instance=ticket)
    assert form.is_valid()
    form.save()
    assert HelpDeskTicket.objects.get().status == "done"
    assert ticket.events.count() == 2


class TestFilterForm:
    def test_nothing_is_chosen_by_nothing(self):
        form = HelpDeskTicketFilterForm(QueryDict())
        assert form.is_valid()
        assert form.chosen == {}
        assert form.query().urlencode() == ""

    def test_keeps_what_it_knows(self):
        form = HelpDeskTicketFilterForm(QueryDict("status=done&q=+x+&priority=nope&page=3"))
        assert form.chosen == {"status": "done", "q": "x"}
        assert form.query().urlencode() == "status=done&q=x"

    def test_searches_are_what_a_database_can_be_asked(self):
        assert HelpDeskTicketFilterForm({"q": "a\x00b\ud800"}).chosen == {"q": "ab"}

    def test_searches_are_as_long_as_a_database_takes(self):
        form = HelpDeskTicketFilterForm({"q": "%" * 100_000})
        assert len(form.chosen["q"]) == 200

    @given(
        st.dictionaries(
            st.sampled_from(["q", "status", "priority", "purpose"]),
            st.text(alphabet=st.characters(exclude_categories=[])),
        )
    )
    def test_is_never_invalid(self, query):
        form = HelpDeskTicketFilterForm(query)
        assert form.is_valid()
        form.query().urlencode().encode()
        assert "\x00" not in form.chosen.get("q", "")
        str(form).encode()
