"""The template of a form field, which writes usual widgets itself."""

from __future__ import annotations

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test.html import parse_html

from help_desk.forms import HelpDeskTicketCreateForm, HelpDeskTicketUpdateForm
from help_desk.forms.assignment import AssignForm
from help_desk.forms.comment import ReplyForm
from help_desk.forms.preferences import PreferencesForm


def render(field):
    return render_to_string("help_desk/partials/field.html", {"field": field})


def assert_has_widget(field):
    """Compare with what Django renders, whatever the order of attributes."""
    html = parse_html(render(field))
    widgets = [option.tag() for option in field] if field.use_fieldset else [str(field)]
    for widget in widgets:
        assert html.count(parse_html(widget)) == 1, f"{widget} is not in {html}"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(None, id="empty"),
        pytest.param({}, id="errors"),
        pytest.param({"priority": "high", "description": "\n<b>&\"'"}, id="values"),
        pytest.param({"priority": '"><script>', "status": '"><script>'}, id="invalid values"),
    ],
)
def test_widgets_are_those_of_django(data, ticket, manager, agent):
    for form in (
        HelpDeskTicketCreateForm(data),
        HelpDeskTicketUpdateForm(data, instance=ticket),
        ReplyForm(data, ticket=ticket, can_see_internal=True),
        AssignForm(data, ticket=ticket, assignable=[manager, agent], user=manager),
        AssignForm(data, ticket=ticket, assignable=None, user=manager),
        PreferencesForm(data, user=manager),
    ):
        for field in form.visible_fields():
            assert_has_widget(field)


def test_other_widgets_are_rendered_by_django():
    class OtherForm(forms.Form):
        text = forms.CharField(widget=forms.Textarea(attrs={"title": '"<'}), disabled=True)
        number = forms.IntegerField(initial=1234567)
        grouped = forms.ChoiceField(choices=[("Group", [("1", "One")]), ("2", "Two")])
        several = forms.MultipleChoiceField(
            choices=[("1", "One")], widget=forms.CheckboxSelectMultiple
        )

    for field in OtherForm():
        assert_has_widget(field)
