"""Tags and filters, as a host's templates use them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, RequestContext, Template
from django.test import RequestFactory

from help_desk.templatetags.help_desk import help_desk_display_name, help_desk_summary

COUNT = Template("{% load help_desk %}{% help_desk_unread_count as unread %}{{ unread }}")


@pytest.fixture
def request_of():
    def build(user):
        request = RequestFactory().get("/")
        request.user = user
        return request

    return build


def test_counts_what_the_person_has_not_read(manager, file_ticket, request_of):
    file_ticket()
    file_ticket()
    request = request_of(manager)
    assert COUNT.render(RequestContext(request)) == "2"
    assert COUNT.render(Context({"request": request})) == "2"
    assert COUNT.render(Context({"user": manager})) == "2"


def test_the_person_of_the_request_counts(manager, stranger, file_ticket, request_of):
    file_ticket()
    context = RequestContext(request_of(stranger), {"user": manager})
    assert COUNT.render(context) == "0"


@pytest.mark.parametrize("context", [{}, {"user": AnonymousUser()}, {"user": None}, {"user": ""}])
def test_nobody_has_nothing_to_read(context):
    assert COUNT.render(Context(context)) == "0"


def test_requests_without_a_person(request_of):
    assert COUNT.render(RequestContext(RequestFactory().get("/"))) == "0"
    assert COUNT.render(RequestContext(request_of(AnonymousUser()))) == "0"


def test_unread_count_takes_two_queries_and_only_if_used(manager, file_ticket, capture_queries):
    with capture_queries() as queries:
        COUNT.render(Context({"user": manager}))
    assert len(queries) == 1  # There is nothing to read.
    for _number in range(3):
        file_ticket()
    with capture_queries() as queries:
        Template("{% load help_desk %}").render(Context({"user": manager}))
    assert len(queries) == 0
    with capture_queries() as queries:
        COUNT.render(Context({"user": manager}))
    assert len(queries) == 2


def test_the_next_question_is_answered_anew(manager, file_ticket):
    context = Context({"user": manager})
    assert COUNT.render(context) == "0"
    file_ticket()
    assert COUNT.render(context) == "1"


def test_a_part_is_drawn_once_a_page():
    template = Template(
        "{% load help_desk %}{% for round in 'ab' %}"
        "{% help_desk_once 'head' as first %}{{ first }} {% endfor %}"
        "{% help_desk_once 'other' as first %}{{ first }}"
    )
    assert template.render(Context()) == "True False True"
    assert template.render(Context()) == "True False True"


class Account:
    def __init__(self, name, **more):
        self.name = name
        self.__dict__.update(more)

    def get_username(self):
        return self.name


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (None, ""),
        (Account("ada"), "ada"),
        (Account("ada", get_full_name=lambda: "Ada Lovelace"), "Ada Lovelace"),
        (Account("ada", get_full_name=lambda: "  "), "ada"),
        (Account(4711), "4711"),
        (Account("ada", get_full_name="not callable"), "ada"),
    ],
    ids=["nobody", "name", "full-name", "blank", "number", "attribute"],
)
def test_people_have_names(user, name):
    assert help_desk_display_name(user) == name


def test_names_of_this_hosts_accounts(stranger):
    assert help_desk_display_name(stranger) == str(stranger.get_username())


def test_summaries_are_one_line():
    assert help_desk_summary("a\n\n b") == "a b"
    assert len(help_desk_summary("word " * 100_000)) == 60


def test_filters_are_escaped_where_they_are_used():
    template = Template(
        "{% load help_desk %}{{ text|help_desk_summary }}{{ user|help_desk_display_name }}"
    )
    user = SimpleNamespace(get_username=lambda: "<b>")
    assert template.render(Context({"text": "<i>", "user": user})) == "&lt;i&gt;&lt;b&gt;"
