"""Template tags and filters, as host templates use them."""

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


def test_unread_count(manager, create_ticket, request_of):
    create_ticket()
    create_ticket()
    request = request_of(manager)
    assert COUNT.render(RequestContext(request)) == "2"
    assert COUNT.render(Context({"request": request})) == "2"
    assert COUNT.render(Context({"user": manager})) == "2"


def test_unread_count_is_of_the_requests_user(
    manager, user_without_permissions, create_ticket, request_of
):
    create_ticket()
    context = RequestContext(request_of(user_without_permissions), {"user": manager})
    assert COUNT.render(context) == "0"


@pytest.mark.parametrize("context", [{}, {"user": AnonymousUser()}, {"user": None}, {"user": ""}])
def test_unread_count_of_anonymous_users_is_zero(context):
    assert COUNT.render(Context(context)) == "0"


def test_unread_count_of_requests_without_a_user_is_zero(request_of):
    assert COUNT.render(RequestContext(RequestFactory().get("/"))) == "0"
    assert COUNT.render(RequestContext(request_of(AnonymousUser()))) == "0"


def test_unread_count_takes_two_queries_and_only_if_used(manager, create_ticket, capture_queries):
    with capture_queries() as queries:
        COUNT.render(Context({"user": manager}))
    assert len(queries) == 1  # There is nothing to read.
    for _number in range(3):
        create_ticket()
    with capture_queries() as queries:
        Template("{% load help_desk %}").render(Context({"user": manager}))
    assert len(queries) == 0
    with capture_queries() as queries:
        COUNT.render(Context({"user": manager}))
    assert len(queries) == 2


def test_unread_count_is_not_cached(manager, create_ticket):
    context = Context({"user": manager})
    assert COUNT.render(context) == "0"
    create_ticket()
    assert COUNT.render(context) == "1"


def test_part_is_rendered_once_per_page():
    template = Template(
        "{% load help_desk %}{% for round in 'ab' %}"
        "{% help_desk_once 'head' as first %}{{ first }} {% endfor %}"
        "{% help_desk_once 'other' as first %}{{ first }}"
    )
    assert template.render(Context()) == "True False True"
    assert template.render(Context()) == "True False True"


class FakeUser:
    def __init__(self, name, **more):
        self.name = name
        self.__dict__.update(more)

    def get_username(self):
        return self.name


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (None, ""),
        (FakeUser("ada"), "ada"),
        (FakeUser("ada", get_full_name=lambda: "Ada Lovelace"), "Ada Lovelace"),
        (FakeUser("ada", get_full_name=lambda: "  "), "ada"),
        (FakeUser(4711), "4711"),
    ],
    ids=["none", "username", "full-name", "blank", "number"],
)
def test_display_name(user, name):
    assert help_desk_display_name(user) == name


def test_display_name_of_the_hosts_user_model(user_without_permissions):
    assert help_desk_display_name(user_without_permissions) == str(
        user_without_permissions.get_username()
    )


def test_summary_is_one_line():
    assert help_desk_summary("a\n\n b") == "a b"
    assert len(help_desk_summary("word " * 100_000)) == 60


def test_filters_are_autoescaped():
    template = Template(
        "{% load help_desk %}{{ text|help_desk_summary }}{{ user|help_desk_display_name }}"
    )
    user = SimpleNamespace(get_username=lambda: "<b>")
    assert template.render(Context({"text": "<i>", "user": user})) == "&lt;i&gt;&lt;b&gt;"
