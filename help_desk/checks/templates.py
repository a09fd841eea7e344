"""The setting `BASE_TEMPLATE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from help_desk.conf import help_desk_settings

if TYPE_CHECKING:
    from django.core.checks import CheckMessage


def check_base_template(**kwargs: Any) -> list[CheckMessage]:
    """Check that the template that every page extends can be loaded."""
    name: object = help_desk_settings.BASE_TEMPLATE
    if not isinstance(name, str):
        return []  # reported as E102
    try:
        get_template(name)
    except (TemplateDoesNotExist, ImproperlyConfigured) as error:
        return [
            Error(
                f"HELP_DESK['BASE_TEMPLATE'] is {name!r}, which cannot be loaded: {error}",
                hint="Use a template with a block `help_desk`. For example: 'help_desk/base.html'.",
                id="help_desk.E108",
            )
        ]
    return []
