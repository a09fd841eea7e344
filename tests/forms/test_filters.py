"""The filter form of the ticket list."""

from __future__ import annotations

from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from help_desk.forms import HelpDeskTicketFilterForm


def test_no_filter_is_active_by_default():
    form = HelpDeskTicketFilterForm(QueryDict())
    assert form.is_valid()
    assert form.active_filters == {}
    assert form.query().urlencode() == ""


def test_valid_filters_apply_despite_invalid_ones():
    form = HelpDeskTicketFilterForm(QueryDict("status=done&q=+x+&priority=nope&page=3"))
    assert not form.is_valid()
    assert form.active_filters == {"q": "x", "status": "done"}
    assert form.query().urlencode() == "q=x&status=done"


def test_search_text_is_storable():
    form = HelpDeskTicketFilterForm({"q": "a\x00b\ud800"})
    assert form.active_filters == {"q": "ab"}
    assert 'value="ab"' in str(form["q"])


def test_search_text_has_a_length_limit():
    form = HelpDeskTicketFilterForm({"q": "%" * 100_000})
    assert len(form.active_filters["q"]) == 200
    assert 'maxlength="200"' in str(form["q"])


@given(
    st.dictionaries(
        st.sampled_from(["q", "status", "priority", "purpose", "assignee"]),
        st.text(alphabet=st.characters(exclude_categories=[])),
    )
)
def test_any_query_string_is_accepted(query):
    form = HelpDeskTicketFilterForm(query)
    form.query().urlencode().encode()
    assert "\x00" not in form.active_filters.get("q", "")
    str(form["q"]).encode()
