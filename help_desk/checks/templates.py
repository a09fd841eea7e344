"""The setting `BASE_TEMPLATE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.backends.django import Template as DjangoTemplate
from django.template.loader import get_template

from help_desk.checks.template_blocks import shown_blocks, template_chain
from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.core.checks import CheckMessage

LAYOUT = "help_desk/layout.html"
"""The template between the pages and the base template."""


def check_base_template(**kwargs: Any) -> list[CheckMessage]:
    """Check that the template that every page extends can be loaded, and shows their blocks."""
    name = help_desk_settings.BASE_TEMPLATE
    try:
        layout = get_template(LAYOUT)
        if not isinstance(layout, DjangoTemplate):
            return []  # The host replaced the pages by those of another engine.
        chain = template_chain(layout.template, {"base_template": name})
    except (TemplateDoesNotExist, TemplateSyntaxError, ImproperlyConfigured) as error:
        return [
            Error(
                f"HELP_DESK['BASE_TEMPLATE'] is {name!r}, which cannot be loaded: {error}",
                hint="Use a template of the engine DjangoTemplates with a block `help_desk`. "
                "For example: 'help_desk/base.html'.",
                id="help_desk.E108",
            )
        ]
    if chain is None:
        return []  # A parent's name is known only during a request.
    blocks = shown_blocks(chain)
    if "help_desk_content" not in blocks:
        return [_no_content(name, shown_blocks(chain[1:]))]
    if "help_desk_title" not in blocks:
        return [_no_title(name)]
    return []


def _no_content(name: str, blocks: Collection[str]) -> CheckMessage:
    place = next((block for block in ("content", "main", "body") if block in blocks), "content")
    others = f" The blocks that it shows are: {', '.join(sorted(blocks))}." if blocks else ""
    return Error(
        f"HELP_DESK['BASE_TEMPLATE'] is {name!r}, which shows no block `help_desk`, so the help "
        "desk's pages are empty.",
        hint="Place the block in one that the template and its parents show; blocks in included "
        "templates cannot be filled. For example, use a template with: "
        f'{{% extends "{name}" %}}{{% block {place} %}}{{% block help_desk %}}{{% endblock %}}'
        f"{{% endblock %}}.{others}",
        id="help_desk.E114",
    )


def _no_title(name: str) -> CheckMessage:
    return Warning(
        f"HELP_DESK['BASE_TEMPLATE'] is {name!r}, which shows no block `title`, so browser "
        "windows and the history do not name the help desk's pages.",
        hint="Place the block in the title of the page. For example: "
        "<title>{% block title %}Intranet{% endblock %}</title>.",
        id="help_desk.W111",
    )
