"""The check of the base template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.checks import Error, Warning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.core.checks import CheckMessage

    RunChecks = Callable[..., list[CheckMessage]]

LOAD_HINT = (
    "Use a template of the engine DjangoTemplates with a block `help_desk`. "
    "For example: 'help_desk/base.html'."
)


@pytest.fixture
def check(
    run_checks: RunChecks, settings: Any, tmp_path: Path
) -> Callable[..., list[CheckMessage]]:
    """Return a function that checks `base.html` among these templates."""

    def run(base: str, **others: str) -> list[CheckMessage]:
        sources = {"base.html": base, **{f"{name}.html": text for name, text in others.items()}}
        for name, source in sources.items():
            file = tmp_path / name.replace("__", "/")
            file.parent.mkdir(exist_ok=True)
            file.write_text(source)
        (engine,) = settings.TEMPLATES
        values = {**settings.HELP_DESK, "BASE_TEMPLATE": "base.html"}
        return run_checks(HELP_DESK=values, TEMPLATES=[{**engine, "DIRS": [tmp_path]}])

    return run


def ids(messages: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in messages]


def test_missing_base_template_is_reported(run_checks: RunChecks, settings: Any) -> None:
    values = {**settings.HELP_DESK, "BASE_TEMPLATE": "no_such.html"}
    assert run_checks(HELP_DESK=values) == [
        Error(
            "HELP_DESK['BASE_TEMPLATE'] is 'no_such.html', which cannot be loaded: no_such.html",
            hint=LOAD_HINT,
            id="help_desk.E108",
        )
    ]


@pytest.mark.parametrize(
    "base",
    ['{% extends "no_such.html" %}', "{% no_such_tag %}", '{% extends "" %}'],
    ids=["missing-parent", "syntax", "nameless-parent"],
)
def test_base_template_that_does_not_render_is_reported(
    check: Callable[..., list[CheckMessage]], base: str
) -> None:
    assert ids(check(base)) == ["help_desk.E108"]


def test_base_template_without_the_block_is_reported_with_the_way_to_place_it(
    check: Callable[..., list[CheckMessage]],
) -> None:
    base = "<title>{% block title %}{% endblock %}</title>{% block content %}{% endblock %}"
    assert check(base) == [
        Error(
            "HELP_DESK['BASE_TEMPLATE'] is 'base.html', which shows no block `help_desk`, so the "
            "help desk's pages are empty.",
            hint="Place the block in one that the template and its parents show; blocks in "
            "included templates cannot be filled. For example, use a template with: "
            '{% extends "base.html" %}{% block content %}{% block help_desk %}{% endblock %}'
            "{% endblock %}. The blocks that it shows are: content, title.",
            id="help_desk.E114",
        )
    ]


TITLE = "<title>{% block title %}{% endblock %}</title>"
BLOCK = "{% block help_desk %}{% endblock %}"
IN_CONTENT = "{% block content %}" + BLOCK + "{% endblock %}"
SITE = TITLE + "<main>{% block content %}{% endblock %}</main>"

EMPTY = {
    "no-block": ("<main></main>", {}),
    "other-name": (TITLE + "{% block helpdesk %}{% endblock %}", {}),
    "block-of-no-parent": (
        '{% extends "site.html" %}{% block kontent %}' + BLOCK + "{% endblock %}",
        {"site": SITE},
    ),
    "outside-of-blocks": ('{% extends "site.html" %}' + TITLE + "<main></main>", {"site": SITE}),
    "replaced-by-a-child": (
        '{% extends "site.html" %}{% block content %}Nothing{% endblock %}',
        {"site": TITLE + IN_CONTENT},
    ),
    "included": (TITLE + '{% include "main.html" %}', {"main": BLOCK}),
    "extends-itself": (
        '{% extends "help_desk/base.html" %}',
        {"help_desk__base": '{% extends "site.html" %}', "site": SITE},
    ),
}


@pytest.mark.parametrize("name", EMPTY)
def test_base_template_that_does_not_show_the_block_is_reported(
    check: Callable[..., list[CheckMessage]],
    client_of: Callable[..., Any],
    user_without_permissions: Any,
    settings: Any,
    tmp_path: Path,
    name: str,
) -> None:
    base, others = EMPTY[name]
    assert ids(check(base, **others)) == ["help_desk.E114"]
    page = inbox(client_of(user_without_permissions), settings, tmp_path)
    assert INBOX_TEXT not in page


INBOX_TEXT = "Your inbox is empty."


def inbox(client: Any, settings: Any, folder: Path) -> str:
    """Return the inbox of a user within the base template."""
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [folder]}]
    settings.HELP_DESK = {**settings.HELP_DESK, "BASE_TEMPLATE": "base.html"}
    return client.get("/help_desk/page/inbox/").content.decode()


SHOWN = {
    "itself": (TITLE + BLOCK, {}),
    "in-a-parent": ('{% extends "site.html" %}', {"site": TITLE + BLOCK}),
    "in-a-block-of-the-parent": ('{% extends "site.html" %}' + IN_CONTENT, {"site": SITE}),
    "in-a-block-of-the-parent's-parent": (
        '{% extends "wide.html" %}' + IN_CONTENT,
        {"wide": '{% extends "site.html" %}{% block aside %}{% endblock %}', "site": SITE},
    ),
    "under-a-condition": (
        TITLE + "{% if not user.is_authenticated %}{% else %}" + BLOCK + "{% endif %}",
        {},
    ),
    "in-other-tags": (
        "{% load cache i18n %}{% with a=1 %}{% spaceless %}{% language 'en' %}{% cache 5 x %}"
        + TITLE
        + BLOCK
        + "{% endcache %}{% endlanguage %}{% endspaceless %}{% endwith %}",
        {},
    ),
    "in-super": (
        '{% extends "site.html" %}' + IN_CONTENT.replace(BLOCK, "<b>{{ block.super }}</b>"),
        {"site": TITLE + IN_CONTENT},
    ),
    "in-a-namesake": (
        '{% extends "help_desk/base.html" %}',
        {"help_desk__base": '{% extends "help_desk/base.html" %}'},
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_base_template_that_shows_the_block_is_accepted(
    check: Callable[..., list[CheckMessage]],
    client_of: Callable[..., Any],
    user_without_permissions: Any,
    settings: Any,
    tmp_path: Path,
    name: str,
) -> None:
    base, others = SHOWN[name]
    assert check(base, **others) == []
    page = inbox(client_of(user_without_permissions), settings, tmp_path)
    assert INBOX_TEXT in page


@pytest.mark.parametrize(
    "extends",
    ["parent", 'parent|default:"site.html"', "request.parent"],
    ids=["variable", "default", "attribute"],
)
def test_parent_that_is_known_only_during_a_request_is_not_inspected(
    check: Callable[..., list[CheckMessage]], extends: str
) -> None:
    assert check("{% extends " + extends + " %}", site="<main></main>") == []


def test_missing_title_is_reported(check: Callable[..., list[CheckMessage]]) -> None:
    assert check("<title>Intranet</title>" + BLOCK) == [
        Warning(
            "HELP_DESK['BASE_TEMPLATE'] is 'base.html', which shows no block `title`, so browser "
            "windows and the history do not name the help desk's pages.",
            hint="Place the block in the title of the page. For example: "
            "<title>{% block title %}Intranet{% endblock %}</title>.",
            id="help_desk.W111",
        )
    ]


OTHER_ENGINE = {"BACKEND": "django.template.backends.dummy.TemplateStrings", "OPTIONS": {}}


def test_base_template_of_another_engine_cannot_be_extended(
    run_checks: RunChecks, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "other.html").write_text("$content")
    other = {**OTHER_ENGINE, "DIRS": [tmp_path], "APP_DIRS": False}
    values = {**settings.HELP_DESK, "BASE_TEMPLATE": "other.html"}
    messages = run_checks(HELP_DESK=values, TEMPLATES=[other, *settings.TEMPLATES])
    assert ids(messages) == ["help_desk.E108"]


def test_pages_of_another_engine_are_not_inspected(
    run_checks: RunChecks, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "help_desk").mkdir()
    (tmp_path / "help_desk" / "layout.html").write_text("$content")
    other = {**OTHER_ENGINE, "DIRS": [tmp_path], "APP_DIRS": False}
    assert run_checks(TEMPLATES=[other, *settings.TEMPLATES]) == []
